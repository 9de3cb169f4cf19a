import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bits } from "./bits.ts";
import { readHevcColour } from "./hevc-colour.ts";

const bits = (value: number, count: number): string => value.toString(2).padStart(count, "0");
/** H.265 §9.2: as many zeros as there are digits behind the first. */
const ue = (value: number): string => "0".repeat((value + 1).toString(2).length - 1) + (value + 1).toString(2);
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)));

const VUI = `1 0 0 1 ${bits(5, 3)} 0 1 ${bits(9, 8)} ${bits(16, 8)} ${bits(9, 8)}`;

/** From bit_depth_chroma_minus8 on. */
const parameterSet = ({ scaling = "0", pcm = "0", shortTerm = ue(0), longTerm = "0" } = {}): Uint8Array =>
  bytesOf(
    [
      ...[ue(2), ue(4), "1", ue(4), ue(2), ue(0), ue(4), ue(2), ue(0)],
      ...[ue(0), ue(3), ue(0), ue(3), ue(1), ue(1), scaling, "11", pcm, shortTerm, longTerm, "11", VUI, "0".repeat(64)],
    ]
      .join("")
      .replaceAll(" ", ""),
  );

/** Two pictures before and one behind; then what is left of it one picture on, and once more: sets whose length the one before decides. */
const PREDICTED = [
  ue(3),
  ...[ue(2), ue(1), ue(0), "1", ue(1), "1", ue(2), "1"],
  // A picture back: of -1, -3, 3 and the picture itself, the second is left out.
  ...["1", "1", ue(0), "1", "00", "1", "1"],
  // Four on: of -2, 2 and -1 none, the last of them is the one that is 4.
  ...["1", "0", ue(3), "1", "01", "1", "1"],
].join("");

test.each([
  { name: "nothing in between", set: {} },
  { name: "samples as they are (PCM)", set: { pcm: `1 ${bits(119, 8)} ${ue(0)} ${ue(2)} 1` } },
  { name: "scaling lists, copied", set: { scaling: `11 ${`0${ue(0)}`.repeat(20)}` } },
  {
    name: "scaling lists, written out",
    set: {
      scaling: `11 ${`1${"1".repeat(16)}`.repeat(6)}${`1${"1".repeat(64)}`.repeat(6)}${`1${"1".repeat(65)}`.repeat(8)}`,
    },
  },
  { name: "reference picture sets, predicted", set: { shortTerm: PREDICTED } },
  { name: "long-term pictures", set: { longTerm: `1 ${ue(2)} ${bits(7, 8)} 1 ${bits(9, 8)} 0` } },
])("H.265 §7.3.2.2.1, colours behind $name", ({ set }) => {
  const found = readHevcColour(new Bits(parameterSet(set)), 1);
  expect(found).toEqual({ primaries: 9, transfer: 16, matrix: 9, isFullRange: false });
});

test("law: any bytes give colours or none, in bounded time", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(6), (bytes, layers) => {
      readHevcColour(new Bits(bytes), layers);
    }),
    { numRuns: 500 },
  );
});
