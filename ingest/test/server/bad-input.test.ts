/** Every row of the bad-input table: closed, with its typed reason counted, while a good publisher is served. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { DEFAULT_SERVER_LIMITS } from "../../src/server/limits.ts";
import { concat, wire } from "../vectors/wire.ts";
import { openServer, type TestServer, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer, type RawPeer } from "./raw-peer.ts";

setDefaultTimeout(60_000);

const HEADER_OF_16_MIB = wire("06 000000 ffffff 09 01000000");
const setChunkSize = (size: string) => wire(`02 000000 000004 01 00000000 ${size}`);
const random = Uint8Array.from({ length: 4096 }, (_, i) => (i * 193 + 77) & 0xff);

const ROWS: readonly { name: string; reason: string; send: readonly Uint8Array[] }[] = [
  { name: "random bytes", reason: "handshake.version", send: [random] },
  { name: "an HTTP request", reason: "handshake.version", send: [new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")] },
  { name: "TCP only, then silence", reason: "limit.handshake-timeout", send: [] },
  { name: "half a C1, then silence", reason: "limit.handshake-timeout", send: [peer.HANDSHAKE.subarray(0, 700)] },
  { name: "no C2, then silence", reason: "limit.handshake-timeout", send: [peer.HANDSHAKE.subarray(0, 1537)] },
  { name: "the whole handshake, then silence", reason: "limit.setup-timeout", send: [peer.HANDSHAKE] },
  { name: "connect, then silence", reason: "limit.setup-timeout", send: [peer.HANDSHAKE, peer.connect()] },
  {
    name: "chunk size 16 MiB and a header of 0xFFFFFF bytes, no data",
    reason: "message.too-large",
    send: [peer.HANDSHAKE, setChunkSize("01000000"), HEADER_OF_16_MIB],
  },
  { name: "chunk size 0", reason: "chunk.size-invalid", send: [peer.HANDSHAKE, setChunkSize("00000000")] },
  {
    name: "a header of 0xFFFFFF bytes, no data",
    reason: "message.too-large",
    send: [peer.HANDSHAKE, HEADER_OF_16_MIB],
  },
  {
    name: "connect with truncated AMF0",
    reason: "amf.truncated",
    send: [peer.HANDSHAKE, wire(`03 000000 00000c 14 00000000  02 0007 "connect" 00 3f`)],
  },
  {
    name: "connect with an AMF0 array of 4 G values",
    reason: "amf.truncated",
    send: [peer.HANDSHAKE, wire(`03 000000 00000f 14 00000000  02 0007 "connect" 0a ffffffff`)],
  },
  { name: "publish before connect", reason: "command.out-of-order", send: [peer.HANDSHAKE, peer.publish("k")] },
  {
    name: "publish on a message stream that was never created",
    reason: "command.out-of-order",
    send: [peer.HANDSHAKE, peer.connect(), peer.publish("k")],
  },
  {
    name: "more message streams than anybody needs",
    reason: "session.too-many-message-streams",
    send: [peer.HANDSHAKE, peer.connect(), ...Array.from({ length: 9 }, peer.createStream)],
  },
];

describe("bad input", () => {
  let server: TestServer;
  let good: RawPeer;
  let clock: Timer;
  let frames = 0;

  beforeAll(async () => {
    server = openServer();
    good = await openRawPeer(server.port);
    good.send(peer.startPublish("good"), peer.video(0, peer.AVC_CONFIG));
    await until("the good publisher is live", () => server.registry.find("good-live") !== undefined);
    clock = setInterval(() => good.send(peer.video(++frames * 10, peer.avcFrame(frames % 10 === 1, 500))), 10);
  });
  afterAll(async () => {
    clearInterval(clock);
    good[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  for (const { name, reason, send } of ROWS) {
    test.concurrent(`${name}: ${reason}`, async () => {
      const before = server.closed(reason);
      const peers = await Promise.all(Array.from({ length: 5 }, () => openRawPeer(server.port)));
      for (const hostile of peers) hostile.send(...send);
      await until("all five are closed", () => peers.every((hostile) => hostile.isClosed()));
      expect(server.closed(reason)).toBeGreaterThanOrEqual(before + 5);
      for (const hostile of peers) hostile[Symbol.dispose]();
    });
  }

  test("a header of 0xFFFFFF bytes with 8 MiB of body, 50 times: memory comes back", async () => {
    const body = new Uint8Array(8 * 1024 * 1024);
    const flood = async (): Promise<number> => {
      const count = server.closed("message.too-large");
      const peers = await Promise.all(Array.from({ length: 50 }, () => openRawPeer(server.port)));
      for (const hostile of peers)
        hostile.send(concat(peer.HANDSHAKE, setChunkSize("01000000"), HEADER_OF_16_MIB), body);
      await until("all are closed", () => peers.every((hostile) => hostile.isClosed()));
      for (const hostile of peers) hostile[Symbol.dispose]();
      expect(server.closed("message.too-large")).toBe(count + 50);
      await until("only the good one is left", () => server.rtmp.connections() === 1);
      Bun.gc(true);
      return process.memoryUsage().arrayBuffers;
    };
    // The first round's figure is the measure: a runtime counts its buffers late.
    const before = await flood();
    await flood();
    await until("buffers are released", () => {
      Bun.gc(true);
      return process.memoryUsage().arrayBuffers - before < 5 * 1024 * 1024;
    });
  });

  test("through all of it the good publisher was served, and no handler failed", async () => {
    const { tags } = server.registry.find("good-live")!.stats;
    await until("more frames come", () => server.registry.find("good-live")!.stats.tags > tags + 5);
    expect(good.isClosed()).toBe(false);
    expect(server.closed("internal.error")).toBe(0);
  });

  test("the default limits close every one of these within ten seconds, the deadline timer's step included", () => {
    const { handshakeTimeout, setupTimeout } = DEFAULT_SERVER_LIMITS;
    for (const limit of [handshakeTimeout, setupTimeout]) expect(limit + 1_000).toBeLessThan(10_000);
  });
});
