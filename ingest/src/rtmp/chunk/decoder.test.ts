import { describe, expect, test } from "bun:test";
import { CHUNK_VECTORS, CHUNK_VIOLATIONS } from "../../../test/vectors/chunk.ts";
import { codeOf } from "../../../test/vectors/code-of.ts";
import { byteByByte, readable, split, wire } from "../../../test/vectors/wire.ts";
import { bytes } from "../../bytes/units.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../limits.ts";
import { ChunkDecoder } from "./decoder.ts";
import type { Message } from "./header.ts";

function decode(pieces: readonly Uint8Array[], limits: SessionLimits = DEFAULT_SESSION_LIMITS): Message[] {
  const decoder = new ChunkDecoder(limits);
  const messages: Message[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let message = decoder.next(); message !== null; message = decoder.next()) messages.push(message);
  }
  return messages;
}

describe("chunk decoder", () => {
  for (const vector of CHUNK_VECTORS) {
    test(`${vector.name} (${vector.section})`, () => {
      const expected = readable(vector.value);
      expect(readable(decode([vector.wire]))).toEqual(expected);
      expect(readable(decode(byteByByte(vector.wire)))).toEqual(expected);
      for (let at = 1; at < vector.wire.length; at++) {
        expect(readable(decode(split(vector.wire, [at])))).toEqual(expected);
      }
    });
  }

  for (const violation of CHUNK_VIOLATIONS) {
    test(`refused: ${violation.name} (${violation.section})`, () => {
      expect(codeOf(() => decode([violation.wire]))).toBe(violation.code);
      expect(codeOf(() => decode(byteByByte(violation.wire)))).toBe(violation.code);
    });
  }

  test("a message whole in one chunk is a view of the read, not a copy", () => {
    const read = wire("04 000000 000003 08 01000000 616263");
    expect(decode([read])[0]!.payload.buffer).toBe(read.buffer);
  });
});

describe("chunk decoder limits", () => {
  const limits: SessionLimits = {
    ...DEFAULT_SESSION_LIMITS,
    maxChunkSize: bytes(1000),
    maxMessageSize: bytes(10_000),
    maxChunkStreams: 3,
    maxUnfinishedBytes: bytes(12_000),
  };

  test("chunk size: the limit passes, one more does not", () => {
    expect(decode([wire("02 000000 000004 01 00000000 000003e8")], limits)).toHaveLength(1);
    expect(codeOf(() => decode([wire("02 000000 000004 01 00000000 000003e9")], limits))).toBe("chunk.size-invalid");
  });

  test("message size: the limit passes, one more does not, and fmt 1 is checked like fmt 0", () => {
    expect(decode([wire("04 000000 002710 08 01000000")], limits)).toHaveLength(0);
    expect(codeOf(() => decode([wire("04 000000 002711 08 01000000")], limits))).toBe("message.too-large");
    const second = wire("04 000000 000000 08 01000000  44 000000 002711 08");
    expect(codeOf(() => decode([second], limits))).toBe("message.too-large");
  });

  test("chunk streams in use", () => {
    const open = (csid: string) => wire(`${csid} 000000 000000 08 01000000`);
    expect(decode([open("03"), open("04"), open("01ffff")], limits)).toHaveLength(3);
    expect(codeOf(() => decode([open("03"), open("04"), open("01ffff"), open("05")], limits))).toBe(
      "chunk.too-many-streams",
    );
  });

  test("what is reserved for unfinished messages counts, and Abort gives it back", () => {
    const decoder = new ChunkDecoder(limits);
    const begin = (csid: string) => wire(`${csid} 000000 002000 09 01000000 61*128`);
    const pushAll = (bytes: Uint8Array) => {
      decoder.push(bytes);
      while (decoder.next() !== null);
    };
    pushAll(begin("03"));
    pushAll(begin("04"));
    const held = decoder.unfinishedBytes;
    expect(held).toBeGreaterThanOrEqual(256);
    expect(held).toBeLessThanOrEqual(12_000);
    pushAll(wire("02 000000 000004 02 00000000 00000003"));
    expect(decoder.unfinishedBytes).toBe(held / 2);
    pushAll(wire("02 000000 000004 02 00000000 00000004"));
    expect(decoder.unfinishedBytes).toBe(0);
  });

  test("a read that is on hand once is not counted for every chunk stream that announces a long message", () => {
    // 60 headers of 8 MiB messages with one byte each, in one read of 512 KiB: reserving by what is on hand gives each stream 1 MiB.
    const one = (csid: number) => wire(`${csid.toString(16).padStart(2, "0")} 000000 800000 09 01000000 61*128`);
    const parts = Array.from({ length: 50 }, (_, i) => one(i + 3));
    const read = new Uint8Array(512 * 1024);
    let at = 0;
    for (const part of parts) {
      read.set(part, at);
      at += part.length;
    }
    const before = process.memoryUsage().arrayBuffers;
    const decoder = new ChunkDecoder(DEFAULT_SESSION_LIMITS);
    expect(
      codeOf(() => {
        decoder.push(read);
        while (decoder.next() !== null);
      }),
    ).toBe("chunk.unfinished-limit");
    expect(decoder.unfinishedBytes).toBeLessThanOrEqual(DEFAULT_SESSION_LIMITS.maxUnfinishedBytes);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });
});
