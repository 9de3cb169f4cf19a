/** Arbitraries that favour the edges where encodings change. */
import fc from "fast-check";
import type { AmfValue } from "../../src/rtmp/amf0/value.ts";

const edge = (...values: number[]) => fc.constantFrom(...values);

export const csid = fc.oneof(edge(2, 3, 63, 64, 65, 319, 320, 321, 65598, 65599), fc.integer({ min: 2, max: 65599 }));
export const timestamp = fc.oneof(
  edge(0, 1, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);
export const streamId = fc.oneof(edge(0, 1, 0xff, 0x100, 0xffffffff), fc.integer({ min: 0, max: 0xffffffff }));
export const chunkSize = fc.oneof(edge(1, 2, 127, 128, 129, 4096, 65536), fc.integer({ min: 1, max: 70_000 }));
/** Lengths around the multiples of a chunk size; the bytes are a pattern that shows misplacement. */
export const payload = (size: number): fc.Arbitrary<Uint8Array> =>
  fc
    .oneof(edge(0, 1, size - 1, size, size + 1, 2 * size, 2 * size + 1, 3 * size - 1), fc.integer({ min: 0, max: 600 }))
    .map((length) =>
      Uint8Array.from({ length: Math.min(Math.max(length, 0), 20_000) }, (_, i) => (i * 7 + (i >> 8)) & 0xff),
    );

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const { value } = fc.letrec<{ value: AmfValue; leaf: AmfValue }>((tie) => ({
  leaf: fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(2 ** 28 - 1, 2 ** 28, -(2 ** 28), -(2 ** 28) - 1, -0),
    fc.boolean(),
    text,
    fc.constant(null),
    fc.constant(undefined),
    fc.date({ noInvalidDate: true }),
  ),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 4 }),
    // Not the empty key: AMF3 ends its pairs with it.
    fc.dictionary(
      text.filter((key) => key !== ""),
      tie("value"),
      { maxKeys: 4, noNullPrototype: false },
    ),
    fc
      .array(
        fc.tuple(
          text.filter((key) => key !== ""),
          tie("value"),
        ),
        { maxLength: 4, minLength: 1 },
      )
      .map((pairs) => new Map(pairs)),
  ),
}));
export const amfValue: fc.Arbitrary<AmfValue> = value;

/** Ways to cut: the offsets are taken modulo the length that they are applied to. */
export const cuts = fc.array(fc.nat({ max: 1 << 20 }), { maxLength: 30 });
export const cutAt = (offsets: readonly number[], length: number): number[] =>
  offsets.map((offset) => offset % (length + 1)).sort((a, b) => a - b);
