import { describe, expect, test } from "bun:test";
import { seededCrypto } from "../../../test/seeded-crypto.ts";
import { codeOf } from "../../../test/vectors/code-of.ts";
import { byteByByte, concat, toHex, wire } from "../../../test/vectors/wire.ts";
import { ClientHandshake, type ClientHandshakeKind } from "./client.ts";
import { CLIENT_FULL_KEY, digestOffset, findDigest, isSignedReply, PACKET_SIZE, SERVER_KEY } from "./digest.ts";
import { ServerHandshake } from "./server.ts";

const crypto = seededCrypto(7);

/** C0 C1 of a simple handshake, RTMP 1.0 §5.2.2 and §5.2.3. */
const C0C1 = wire("03  00 00 30 39  00 00 00 00  5a*1528");

describe("simple handshake (RTMP 1.0 §5.2)", () => {
  test("S0 S1 S2: version, zero, random; S2 repeats C1", () => {
    const server = new ServerHandshake(crypto);
    expect(server.push(C0C1)).toBe(1537);
    const reply = server.takeReply()!;
    expect(reply.length).toBe(1 + 2 * PACKET_SIZE);
    expect(toHex(reply.subarray(0, 9))).toBe("030000000000000000");
    expect(toHex(reply.subarray(1537))).toBe(toHex(C0C1.subarray(1)));
    expect(server.done).toBe(false);
    expect(server.takeReply()).toBeNull();
  });

  test("what is behind C2 is not the handshake's", () => {
    const server = new ServerHandshake(crypto);
    const all = concat(C0C1, new Uint8Array(PACKET_SIZE), wire("02 00"));
    expect(server.push(all)).toBe(all.length - 2);
    expect(server.done).toBe(true);
    expect(server.push(wire("02 00"))).toBe(0);
  });

  test("byte by byte", () => {
    const server = new ServerHandshake(crypto);
    for (const byte of byteByByte(C0C1)) expect(server.push(byte)).toBe(1);
    expect(server.takeReply()).not.toBeNull();
    for (const byte of byteByByte(new Uint8Array(PACKET_SIZE))) expect(server.push(byte)).toBe(1);
    expect(server.done).toBe(true);
  });

  test.each([0, 2, 4, 6, 0x16, 0x47, 255])("version %d is refused at its byte", (version) => {
    expect(codeOf(() => new ServerHandshake(crypto).push(Uint8Array.of(version)))).toBe("handshake.version");
    expect(codeOf(() => new ClientHandshake("simple", crypto).push(Uint8Array.of(version)))).toBe("handshake.version");
  });

  test("a version field without a digest (another server's probe) gets the echo", () => {
    const c1 = wire("03  00*4  09 00 7c 02  5a*1528");
    const server = new ServerHandshake(crypto);
    server.push(c1);
    expect(toHex(server.takeReply()!.subarray(1537))).toBe(toHex(c1.subarray(1)));
  });
});

describe("digest handshake", () => {
  const shake = (kind: ClientHandshakeKind, cut: number) => {
    const client = new ClientHandshake(kind, seededCrypto(cut + 1));
    const server = new ServerHandshake(seededCrypto(99));
    const c = client.begin();
    server.push(c.subarray(0, cut));
    server.push(c.subarray(cut));
    const s = server.takeReply()!;
    client.push(s.subarray(0, cut));
    client.push(s.subarray(cut));
    const c2 = client.takeReply()!;
    server.push(c2);
    return { client, server, s, c2 };
  };

  for (const digest of [0, 1] as const) {
    test(`schema ${digest}: the server answers in it, its digest and signature hold, and so do the client's`, () => {
      for (const cut of [1, 700, 1536]) {
        const { client, server, s, c2 } = shake({ digest }, cut);
        expect(client.verified).toBe(true);
        expect(server.done).toBe(true);
        const found = findDigest(s.subarray(1, 1 + PACKET_SIZE), SERVER_KEY, crypto)!;
        expect(found.schema).toBe(digest);
        expect(isSignedReply(c2, found.digest, CLIENT_FULL_KEY, crypto)).toBe(true);
      }
    });
  }

  test("one changed bit anywhere is noticed", () => {
    for (const at of [1, 900, 1500, 1537, 2000, 3072]) {
      const client = new ClientHandshake({ digest: 1 }, seededCrypto(3));
      const server = new ServerHandshake(crypto);
      server.push(client.begin());
      const s = server.takeReply()!;
      s[at] = s[at]! ^ 1;
      client.push(s);
      expect(client.verified).toBe(false);
    }
  });

  test("a simple client is never told that it verified anything", () =>
    expect(shake("simple", 5).client.verified).toBe(false));

  test("the digest lies within the packet wherever the four bytes point", () => {
    const packet = new Uint8Array(PACKET_SIZE);
    expect([digestOffset(packet, 0), digestOffset(packet, 1)]).toEqual([776, 12]);
    packet.fill(0xff);
    for (const schema of [0, 1] as const) expect(digestOffset(packet, schema) + 32).toBeLessThanOrEqual(PACKET_SIZE);
    packet.set([182, 182, 182, 181], 8); // 727, the last place
    expect(digestOffset(packet, 1)).toBe(12 + 727);
  });
});
