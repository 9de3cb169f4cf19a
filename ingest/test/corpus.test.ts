/**
 * Inputs that once broke something, named by their cause: whole client-to-server sessions. Each must end as the table says, in
 * one read, byte by byte and in odd pieces. A file that the fuzz run leaves here is renamed after its cause and added.
 */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { bytes } from "../src/bytes/units.ts";
import type { WireErrorCode } from "../src/bytes/wire-error.ts";
import { DEFAULT_SESSION_LIMITS } from "../src/rtmp/limits.ts";
import { runSession } from "./run-session.ts";
import { byteByByte, split } from "./vectors/wire.ts";

const CORPUS: Readonly<Record<string, { readonly code: WireErrorCode | null; readonly events: readonly string[] }>> = {
  // String() of a null-prototype object threw a TypeError.
  "amf3-dictionary-key-is-an-object": { code: "amf.bad-key", events: [] },
  // 40 arrays that each refer twice to the one before: the key's text had 2^40 parts.
  "amf3-dictionary-key-without-end": { code: "amf.bad-key", events: [] },
  // A regular expression that trimmed slashes took time with the square of their number.
  "connect-app-of-slashes": { code: null, events: ["connected"] },
  // Nothing kept a peer without a key from making us reserve megabytes.
  "large-message-before-publish": { code: "message.too-large", events: ["connected"] },
  // Frames in the same read as the violation behind them were lost.
  "media-then-violation": {
    code: "chunk.no-previous-header",
    events: ["connected", "publish-requested", "audio", "audio"],
  },
  // A last chunk shorter than the timestamp that was not repeated waited for bytes of the next message.
  "short-last-chunk-without-repeated-timestamp": { code: null, events: ["connected", "publish-requested", "video"] },
  // SWF verification has two bytes and no value: it ended the connection.
  "user-control-without-value": { code: null, events: ["connected"] },
};

const limits = { ...DEFAULT_SESSION_LIMITS, maxHeldBytes: bytes(1 << 26) };
const files = readdirSync(`${import.meta.dir}/corpus`).filter((name) => name.endsWith(".bin"));

describe("corpus", () => {
  test("every file has its row, every row its file", () => {
    expect(files.sort()).toEqual(
      Object.keys(CORPUS)
        .map((name) => `${name}.bin`)
        .sort(),
    );
  });

  for (const [name, { code, events }] of Object.entries(CORPUS)) {
    test(name, async () => {
      const input = await Bun.file(`${import.meta.dir}/corpus/${name}.bin`).bytes();
      const every = (step: number) => Array.from({ length: Math.floor(input.length / step) }, (_, i) => (i + 1) * step);
      for (const pieces of [[input], byteByByte(input), split(input, every(7)), split(input, every(1_000))]) {
        const run = runSession(pieces, { limits, answerAfter: pieces.length % 3 });
        expect(run.code).toBe(code);
        expect(run.lines.map((line) => (line.startsWith("{") ? JSON.parse(line).type : line.split(" ")[0]))).toEqual([
          ...events,
        ]);
      }
    });
  }
});
