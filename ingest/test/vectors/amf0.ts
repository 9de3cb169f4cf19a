/** AMF0 vectors, written from "Action Message Format -- AMF 0" §2. */
import type { AmfValue } from "../../src/rtmp/amf0/value.ts";
import { type Vector, wire } from "./wire.ts";

export interface AmfVector extends Vector<readonly AmfValue[]> {
  /** The encoder has another form for this value, or none. */
  readonly decodeOnly?: true;
}

const longText = "x".repeat(0x10000);

export const AMF0_VECTORS: readonly AmfVector[] = [
  { name: "number 0", section: "AMF0 §2.2", wire: wire("00 00*8"), value: [0] },
  { name: "number 1.5", section: "AMF0 §2.2", wire: wire("00 3f f8 00*6"), value: [1.5] },
  { name: "number -0", section: "AMF0 §2.2", wire: wire("00 80 00*7"), value: [-0] },
  { name: "number +Infinity", section: "AMF0 §2.2", wire: wire("00 7f f0 00*6"), value: [Number.POSITIVE_INFINITY] },
  { name: "number NaN", section: "AMF0 §2.2", wire: wire("00 7f f8 00*6"), value: [Number.NaN] },
  { name: "boolean", section: "AMF0 §2.3", wire: wire("01 01  01 00"), value: [true, false] },
  { name: "boolean of any non-zero byte", section: "AMF0 §2.3", wire: wire("01 ff"), value: [true], decodeOnly: true },
  { name: "string", section: "AMF0 §2.4", wire: wire(`02 00 07 "connect"`), value: ["connect"] },
  { name: "string in UTF-8", section: "AMF0 §2.4", wire: wire("02 00 02 c3 a9"), value: ["é"] },
  { name: "empty string", section: "AMF0 §2.4", wire: wire("02 00 00"), value: [""] },
  { name: "a byte order mark is text", section: "AMF0 §2.4", wire: wire("02 00 03 ef bb bf"), value: ["\ufeff"] },
  { name: "string of 65535 bytes", section: "AMF0 §2.4", wire: wire("02 ff ff 78*65535"), value: [longText.slice(1)] },
  {
    name: "object",
    section: "AMF0 §2.5",
    wire: wire(`
      03
      00 03 "app"   02 00 04 "live"
      00 01 "n"     00 40 00 00*6
      00 00 09`),
    value: [{ app: "live", n: 2 }],
  },
  { name: "empty object", section: "AMF0 §2.5", wire: wire("03 00 00 09"), value: [{}] },
  {
    name: "a key that means something to JavaScript is only a key",
    section: "AMF0 §2.5",
    wire: wire(`03 00 09 "__proto__" 02 00 01 "x" 00 00 09`),
    value: [Object.defineProperty({}, "__proto__", { value: "x", enumerable: true }) as AmfValue],
  },
  {
    name: "an empty key is a key when no end marker follows it",
    section: "AMF0 §2.5",
    wire: wire("03 00 00 05 00 00 09"),
    value: [{ "": null }],
  },
  { name: "null and undefined", section: "AMF0 §2.7, §2.8", wire: wire("05 06"), value: [null, undefined] },
  {
    name: "reference to an object before it",
    section: "AMF0 §2.9",
    wire: wire("0a 00 00 00 02  03 00 00 09  07 00 01"),
    value: [[{}, {}]],
    decodeOnly: true,
  },
  {
    name: "ECMA array",
    section: "AMF0 §2.10",
    wire: wire(`
      08  00 00 00 02
      00 08 "duration"  00 00*8
      00 06 "stereo"    01 01
      00 00 09`),
    value: [
      new Map<string, AmfValue>([
        ["duration", 0],
        ["stereo", true],
      ]),
    ],
  },
  {
    name: "ECMA array whose count lies: the end marker decides",
    section: "AMF0 §2.10",
    wire: wire(`08  ff ff ff ff  00 01 "a" 05  00 00 09`),
    value: [new Map([["a", null]])],
    decodeOnly: true,
  },
  {
    name: "strict array",
    section: "AMF0 §2.12",
    wire: wire(`0a 00 00 00 03  05  01 01  02 00 01 "a"`),
    value: [[null, true, "a"]],
  },
  {
    name: "date, with its time zone that must be zero",
    section: "AMF0 §2.13",
    wire: wire("0b 42 70 00*6 00 00"),
    value: [new Date(2 ** 40)],
  },
  {
    name: "a date's time zone is ignored",
    section: "AMF0 §2.13",
    wire: wire("0b 42 70 00*6 ff c4"),
    value: [new Date(2 ** 40)],
    decodeOnly: true,
  },
  { name: "long string", section: "AMF0 §2.14", wire: wire("0c 00 01 00 00 78*65536"), value: [longText] },
  {
    name: "long string that would fit a short one",
    section: "AMF0 §2.14",
    wire: wire(`0c 00 00 00 02 "ab"`),
    value: ["ab"],
    decodeOnly: true,
  },
  { name: "unsupported", section: "AMF0 §2.15", wire: wire("0d"), value: [undefined], decodeOnly: true },
  {
    name: "XML document",
    section: "AMF0 §2.17",
    wire: wire(`0f 00 00 00 04 "<a/>"`),
    value: ["<a/>"],
    decodeOnly: true,
  },
  {
    name: "typed object",
    section: "AMF0 §2.18",
    wire: wire(`10 00 03 "Cls"  00 01 "a" 05  00 00 09`),
    value: [{ a: null }],
    decodeOnly: true,
  },
  {
    name: "avmplus switches one value to AMF3 and no more",
    section: "AMF0 §3.1",
    wire: wire(`02 00 01 "a"  11 06 05 "hi"  02 00 01 "b"`),
    value: ["a", "hi", "b"],
    decodeOnly: true,
  },
];

const nested = (depth: number): Uint8Array => wire(`${"0a 00 00 00 01 ".repeat(depth)}05`);

export const AMF0_VIOLATIONS = [
  { name: "marker cut off from its value", wire: wire("00 00*7"), code: "amf.truncated" },
  { name: "string longer than the body", wire: wire(`02 00 05 "abcd"`), code: "amf.truncated" },
  { name: "long string of 4 GiB", wire: wire(`0c ff ff ff ff "a"`), code: "amf.truncated" },
  { name: "object without an end", wire: wire(`03 00 01 "a" 05`), code: "amf.truncated" },
  { name: "object that ends after an empty key", wire: wire("03 00 00"), code: "amf.truncated" },
  { name: "strict array of 4 G values", wire: wire("0a ff ff ff ff 05"), code: "amf.truncated" },
  { name: "avmplus and nothing", wire: wire("11"), code: "amf.truncated" },
  { name: "MovieClip (§2.6, reserved)", wire: wire("04"), code: "amf.unknown-marker" },
  { name: "object end alone", wire: wire("09"), code: "amf.unknown-marker" },
  { name: "RecordSet (§2.16, reserved)", wire: wire("0e"), code: "amf.unknown-marker" },
  { name: "marker 0x12", wire: wire("12"), code: "amf.unknown-marker" },
  { name: "reference to nothing", wire: wire("07 00 00"), code: "amf.bad-reference" },
  { name: "nested 17 deep", wire: nested(17), code: "amf.too-deep" },
  { name: "4097 values", wire: wire("05*4097"), code: "amf.too-many-values" },
] as const;

export const AMF0_AT_THE_LIMIT = [
  { name: "nested 16 deep", wire: nested(16) },
  { name: "4096 values", wire: wire("05*4096") },
] as const;
