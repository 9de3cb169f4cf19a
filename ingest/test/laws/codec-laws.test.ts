/** What holds for every value and every split: chunks, AMF, control messages, timestamps. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ByteReader } from "../../src/bytes/reader.ts";
import { ms, unwrapTimestamp } from "../../src/bytes/units.ts";
import { readAudioHeader } from "../../src/flv/audio.ts";
import { readVideoHeader, readVideoTracks } from "../../src/flv/video.ts";
import { decodeAmf0 } from "../../src/rtmp/amf0/decode.ts";
import { encodeAmf0 } from "../../src/rtmp/amf0/encode.ts";
import { makeAmf3Decoder } from "../../src/rtmp/amf3/decode.ts";
import { encodeAmf3 } from "../../src/rtmp/amf3/encode.ts";
import { ChunkDecoder } from "../../src/rtmp/chunk/decoder.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import type { Message } from "../../src/rtmp/chunk/header.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../../src/rtmp/limits.ts";
import { decodeUserControl, encodeSetChunkSize, encodeUserControl } from "../../src/rtmp/message/control.ts";
import { chunksOf } from "../generated-session.ts";
import { codeOf } from "../vectors/code-of.ts";
import { concat, readable, split } from "../vectors/wire.ts";
import { amfValue, chunkSize, csid, cutAt, cuts, payload, streamId, timestamp } from "./wire-values.ts";

setDefaultTimeout(60_000);

function decode(pieces: readonly Uint8Array[]): Message[] {
  const decoder = new ChunkDecoder(LIMITS);
  const messages: Message[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let message = decoder.next(); message !== null; message = decoder.next()) messages.push(message);
  }
  return messages;
}

describe("chunks", () => {
  const anyMessage = chunkSize.chain((size) =>
    fc.record({
      size: fc.constant(size),
      csid,
      timestamp,
      streamId,
      typeId: fc.constantFrom(8, 9, 18, 20),
      payload: payload(size),
    }),
  );

  test("encode, then decode, in any split", () => {
    fc.assert(
      fc.property(anyMessage, cuts, ({ size, csid, ...message }, offsets) => {
        const bytes = concat(encodeMessage(encodeSetChunkSize(size), 2, 128), encodeMessage(message, csid, size));
        const [, got, ...more] = decode(split(bytes, cutAt(offsets, bytes.length)));
        expect(more).toEqual([]);
        expect(readable([got!])).toEqual(readable([message]));
      }),
      { numRuns: 1_000 },
    );
  });

  test("interleaved = un-interleaved, chunk stream by chunk stream", () => {
    const part = fc.record({ typeId: fc.constantFrom(8, 9), timestamp, payload: payload(128) });
    const lanes = fc.uniqueArray(csid, { minLength: 2, maxLength: 4 }).chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc.array(
            part.map((rest) => ({ ...rest, csid: id })),
            { minLength: 1, maxLength: 4 },
          ),
        ),
      ),
    );
    fc.assert(
      fc.property(lanes, fc.infiniteStream(fc.nat({ max: 3 })), cuts, (parts, order, offsets) => {
        const queues = parts.map((lane) => lane.flatMap((one) => chunksOf(one, 128)));
        const mixed: Uint8Array[] = [];
        for (const pick of order) {
          const left = queues.filter((queue) => queue.length > 0);
          if (left.length === 0) break;
          mixed.push(left[pick % left.length]!.shift()!);
        }
        const bytes = concat(...mixed);
        const got = readable(decode(split(bytes, cutAt(offsets, bytes.length))));
        const alone = parts.flatMap((lane) => readable(decode(lane.flatMap((one) => chunksOf(one, 128)))));
        const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
        expect(sorted(got)).toEqual(sorted(alone));
      }),
      { numRuns: 300 },
    );
  });

  test("arbitrary bytes: messages or a WireError, and no more memory than the limit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), cuts, (bytes, offsets) => {
        const decoder = new ChunkDecoder(LIMITS);
        const code = codeOf(() => {
          for (const piece of split(bytes, cutAt(offsets, bytes.length))) {
            decoder.push(piece);
            while (decoder.next() !== null);
          }
        });
        expect(decoder.unfinishedBytes).toBeLessThanOrEqual(2 * bytes.length + 4096 * LIMITS.maxChunkStreams);
        expect(code).toMatch(/^(no error|chunk\.|message\.)/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("AMF", () => {
  test("AMF0: encode, then decode", () => {
    fc.assert(
      fc.property(fc.array(amfValue, { maxLength: 4 }), (values) => {
        expect(decodeAmf0(encodeAmf0(values), LIMITS)).toEqual(values);
      }),
      { numRuns: 1_000 },
    );
  });

  test("AMF3: encode, then decode, and the whole body is used", () => {
    fc.assert(
      fc.property(amfValue, (value) => {
        const reader = new ByteReader(encodeAmf3(value), "amf.truncated");
        expect(makeAmf3Decoder(reader, { depth: 16, values: 4096 })()).toEqual(value);
        expect(reader.remaining).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  test("arbitrary bytes, markers more often than not: values or a WireError amf.*", () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 0x12 }), fc.constant(1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
        const body = Uint8Array.from(bytes);
        expect(codeOf(() => decodeAmf0(body, LIMITS))).toMatch(/^(no error|amf\.)/);
        const amf3 = () => makeAmf3Decoder(new ByteReader(body, "amf.truncated"), { depth: 16, values: 4096 })();
        expect(codeOf(amf3)).toMatch(/^(no error|amf\.)/);
      }),
      { numRuns: 5_000 },
    );
  });
});

test("user control: encode, then decode", () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 4, 6, 7), timestamp, timestamp, (type, value, bufferLength) => {
      expect(decodeUserControl(encodeUserControl({ type, value }).payload)).toEqual({ type, value });
      const three = { type: 3, value, bufferLength };
      expect(decodeUserControl(encodeUserControl(three).payload)).toEqual(three);
    }),
  );
});

test("FLV headers of arbitrary bytes: a header inside the body, or null", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(0x17, 0x90, 0x91, 0x96, 0x97, 0x95),
      (rest, first) => {
        const body = Uint8Array.of(first, ...rest);
        for (const header of [readVideoHeader(body), readAudioHeader(body)])
          expect(header?.dataOffset ?? 0).toBeLessThanOrEqual(body.length);
        for (const track of readVideoTracks(body) ?? []) expect(track.end).toBeLessThanOrEqual(body.length);
      },
    ),
    { numRuns: 5_000 },
  );
});

test("timestamps survive 2^32: steps below 2^31 either way add up exactly", () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }));
  fc.assert(
    fc.property(timestamp, fc.array(step, { maxLength: 50 }), (start, steps) => {
      let exact = start;
      let unwrapped = ms(start);
      for (const delta of steps) {
        exact += delta;
        unwrapped = unwrapTimestamp(unwrapped, ((exact % 2 ** 32) + 2 ** 32) % 2 ** 32);
        expect(unwrapped).toBe(ms(exact));
      }
    }),
    { numRuns: 1_000 },
  );
});
