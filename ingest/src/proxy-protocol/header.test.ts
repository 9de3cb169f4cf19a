import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { WireError } from "../bytes/wire-error.ts";
import { ProxyHeader } from "./header.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const binary = (command: number, family: number, body: readonly number[], length = body.length) =>
  Uint8Array.from([...SIGNATURE, command, family, length >> 8, length & 255, ...body]);
const V6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 9];
const PORTS = [0xdb, 0xe8, 0x07, 0x8f];

const GOOD: readonly (readonly [string, Uint8Array, string | null])[] = [
  ["1, IPv4", ascii("PROXY TCP4 203.0.113.9 192.0.2.1 56324 1935\r\n"), "203.0.113.9"],
  ["1, IPv6", ascii("PROXY TCP6 2001:DB8:0:0::1 ::1 56324 1935\r\n"), "2001:db8::1"],
  ["1, IPv4-mapped", ascii("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 1935\r\n"), "203.0.113.9"],
  ["1, unknown", ascii("PROXY UNKNOWN\r\n"), null],
  ["1, unknown with anything", ascii("PROXY UNKNOWN ffff::1 x y\r\n"), null],
  ["2, IPv4", binary(0x21, 0x11, [203, 0, 113, 9, 192, 0, 2, 1, ...PORTS]), "203.0.113.9"],
  ["2, IPv6", binary(0x21, 0x21, [...V6, ...V6, ...PORTS]), "2001:db8::1"],
  ["2, IPv4-mapped", binary(0x21, 0x21, [...MAPPED, ...V6, ...PORTS]), "203.0.113.9"],
  ["2, with an extension", binary(0x21, 0x11, [1, 2, 3, 4, 5, 6, 7, 8, ...PORTS, 4, 0, 2, 9, 9]), "1.2.3.4"],
  ["2, of the proxy itself", binary(0x20, 0x00, []), null],
  ["2, of a Unix socket", binary(0x21, 0x31, new Array<number>(216).fill(0)), null],
];

const BAD: readonly (readonly [string, Uint8Array])[] = [
  ["an RTMP handshake", Uint8Array.from([3, 0, 0, 0])],
  ["another word", ascii("PROXX TCP4")],
  ["a line without an end", ascii(`PROXY TCP4 ${"1".repeat(107)}`)],
  ["a line that ends with LF", ascii("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n")],
  ["a number that is too high", ascii("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n")],
  ["a port that is too high", ascii("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n")],
  ["the other family", ascii("PROXY TCP4 ::1 ::1 1 2\r\n")],
  ["no IPv6", ascii("PROXY TCP6 1.2.3.4 ::1 1 2\r\n")],
  ["an unknown family", ascii("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["too few words", ascii("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n")],
  ["a broken signature", Uint8Array.from([...SIGNATURE.slice(0, 11), 0])],
  ["version 3", binary(0x31, 0x11, [])],
  ["an unknown command", binary(0x22, 0x11, [])],
  ["a length that is too high", binary(0x21, 0x11, [], 65_535)],
  ["a length that is too low", binary(0x21, 0x11, [1, 2, 3, 4])],
];

describe("PROXY header", () => {
  test.each(GOOD)("version %s", (_name, bytes, address) => {
    const behind = ascii("\x03behind");
    const found = new ProxyHeader().push(Uint8Array.from([...bytes, ...behind]));
    expect(found?.address).toBe(address);
    expect(found?.rest).toEqual(behind);
  });

  test.each(BAD)("%s is refused", (_name, bytes) => {
    expect(() => new ProxyHeader().push(bytes)).toThrow(WireError);
  });

  test("any split of the same bytes says the same, and nothing behind the header is lost", () => {
    const split = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 400, maxLength: 400 });
    fc.assert(
      fc.property(fc.constantFrom(...GOOD), split, ([, bytes, address], sizes) => {
        const all = Uint8Array.from([...bytes, 1, 2, 3, 4, 5]);
        const header = new ProxyHeader();
        let at = 0;
        for (const size of sizes) {
          const found = header.push(all.subarray(at, at + size));
          at += size;
          if (found === null) continue;
          expect(found.address).toBe(address);
          expect([...found.rest, ...all.subarray(at)]).toEqual([1, 2, 3, 4, 5]);
          return;
        }
        throw new Error("the header has no end");
      }),
    );
  });

  test("arbitrary bytes give an answer, a question for more, or a WireError", () => {
    const start = fc.constantFrom(ascii("PROXY "), Uint8Array.from(SIGNATURE), new Uint8Array(0));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 2_000 }), (head, bytes) => {
        try {
          const found = new ProxyHeader().push(Uint8Array.from([...head, ...bytes]));
          if (found === null) expect(head.length + bytes.length).toBeLessThan(1_024);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
    );
  });
});
