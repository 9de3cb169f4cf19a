/** AMF3 vectors, written from "Action Message Format -- AMF 3" §1.3 and §3. One value each. */
import type { AmfValue } from "../../src/rtmp/amf0/value.ts";
import { type Vector, wire } from "./wire.ts";

export interface Amf3Vector extends Vector<AmfValue> {
  readonly decodeOnly?: true;
}

const INTEGERS = (
  [
    [0, "00"],
    [0x7f, "7f"],
    [0x80, "81 00"],
    [0x3fff, "ff 7f"],
    [0x4000, "81 80 00"],
    [0x1fffff, "ff ff 7f"],
    [0x200000, "80 c0 80 00"],
    [0x0fffffff, "bf ff ff ff"],
    [-1, "ff ff ff ff"],
    [-0x10000000, "c0 80 80 00"],
  ] as const
).map(
  ([value, u29]): Amf3Vector => ({
    name: `integer ${value}`,
    section: "AMF3 §1.3.1, §3.6",
    wire: wire(`04 ${u29}`),
    value,
  }),
);

export const AMF3_VECTORS: readonly Amf3Vector[] = [
  { name: "undefined", section: "AMF3 §3.2", wire: wire("00"), value: undefined },
  { name: "null", section: "AMF3 §3.3", wire: wire("01"), value: null },
  { name: "false", section: "AMF3 §3.4", wire: wire("02"), value: false },
  { name: "true", section: "AMF3 §3.5", wire: wire("03"), value: true },
  ...INTEGERS,
  { name: "double 1.5", section: "AMF3 §3.7", wire: wire("05 3f f8 00*6"), value: 1.5 },
  { name: "double 2^28, too large for an integer", section: "AMF3 §3.7", wire: wire("05 41 b0 00*6"), value: 2 ** 28 },
  { name: "double -0", section: "AMF3 §3.7", wire: wire("05 80 00*7"), value: -0 },
  { name: "string", section: "AMF3 §3.8", wire: wire(`06 09 "live"`), value: "live" },
  { name: "empty string", section: "AMF3 §3.8", wire: wire("06 01"), value: "" },
  {
    name: "string by reference; the empty string takes no place in the table",
    section: "AMF3 §1.3.2",
    wire: wire(`09 09 01  06 03 "a"  06 01  06 05 "bc"  06 02`),
    value: ["a", "", "bc", "bc"],
    decodeOnly: true,
  },
  { name: "XML document", section: "AMF3 §3.9", wire: wire(`07 09 "<a/>"`), value: "<a/>", decodeOnly: true },
  { name: "date", section: "AMF3 §3.10", wire: wire("08 01 42 70 00*6"), value: new Date(2 ** 40) },
  { name: "dense array", section: "AMF3 §3.11", wire: wire("09 05 01  02  03"), value: [false, true] },
  {
    name: "associative array",
    section: "AMF3 §3.11",
    wire: wire(`09 01  03 "k" 03  01`),
    value: new Map([["k", true]]),
  },
  {
    name: "mixed array: dense elements take their index for a key",
    section: "AMF3 §3.11",
    wire: wire(`09 03  03 "k" 03  01  02`),
    value: new Map([
      ["k", true],
      ["0", false],
    ]),
    decodeOnly: true,
  },
  {
    name: "dynamic object without sealed members",
    section: "AMF3 §3.12",
    wire: wire(`0a 0b 01  07 "app" 06 09 "live"  01`),
    value: { app: "live" },
  },
  {
    name: "object with two sealed members and a class name",
    section: "AMF3 §3.12",
    wire: wire(`0a 23 07 "Cls"  03 "a" 03 "b"  02 03`),
    value: { a: false, b: true },
    decodeOnly: true,
  },
  {
    name: "object whose traits are those of the first one",
    section: "AMF3 §3.12",
    wire: wire(`09 05 01  0a 13 01 03 "a" 02  0a 01 03`),
    value: [{ a: false }, { a: true }],
    decodeOnly: true,
  },
  {
    name: "object by reference: the array itself is number 0",
    section: "AMF3 §2.2",
    wire: wire("09 05 01  0a 0b 01 01  0a 02"),
    value: [{}, {}],
    decodeOnly: true,
  },
  { name: "XML", section: "AMF3 §3.13", wire: wire(`0b 09 "<a/>"`), value: "<a/>", decodeOnly: true },
  { name: "byte array", section: "AMF3 §3.14", wire: wire("0c 07 01 02 03"), value: Uint8Array.of(1, 2, 3) },
  {
    name: "vector of int",
    section: "AMF3 §3.15",
    wire: wire("0d 05 00  00 00 00 01  ff ff ff ff"),
    value: [1, -1],
    decodeOnly: true,
  },
  {
    name: "vector of uint",
    section: "AMF3 §3.15",
    wire: wire("0e 03 01  ff ff ff ff"),
    value: [0xffffffff],
    decodeOnly: true,
  },
  {
    name: "vector of double",
    section: "AMF3 §3.15",
    wire: wire("0f 03 00  3f f8 00*6"),
    value: [1.5],
    decodeOnly: true,
  },
  {
    name: "vector of objects",
    section: "AMF3 §3.15",
    wire: wire("10 05 00 01  01 03"),
    value: [null, true],
    decodeOnly: true,
  },
  {
    name: "dictionary with a string and a number for keys",
    section: "AMF3 §3.16",
    wire: wire(`11 05 00  06 03 "a" 03  04 07 02`),
    value: new Map([
      ["a", true],
      ["7", false],
    ]),
    decodeOnly: true,
  },
];

const nested = (depth: number): Uint8Array => wire(`${"09 03 01 ".repeat(depth)}01`);

export const AMF3_VIOLATIONS = [
  { name: "integer cut off", wire: wire("04 80 80"), code: "amf.truncated" },
  { name: "string longer than the body", wire: wire(`06 0b "live"`), code: "amf.truncated" },
  { name: "array of 2^28 - 1 values", wire: wire("09 ff ff ff ff 01 01"), code: "amf.truncated" },
  { name: "byte array of 2^28 - 1 bytes", wire: wire("0c ff ff ff ff 01"), code: "amf.truncated" },
  { name: "vector of 2^28 - 1 doubles", wire: wire("0f ff ff ff ff 00 01"), code: "amf.truncated" },
  { name: "dictionary of 2^28 - 1 pairs", wire: wire("11 ff ff ff ff 00 01"), code: "amf.truncated" },
  { name: "traits of 2^25 - 1 members", wire: wire("0a ff ff ff f3 01 03"), code: "amf.truncated" },
  { name: "string reference to nothing", wire: wire("06 00"), code: "amf.bad-reference" },
  { name: "object reference to nothing", wire: wire("0a 00"), code: "amf.bad-reference" },
  { name: "traits reference to nothing", wire: wire("0a 01"), code: "amf.bad-reference" },
  { name: "externalizable object", wire: wire(`0a 07 03 "X"`), code: "amf.unknown-marker" },
  { name: "marker 0x12", wire: wire("12"), code: "amf.unknown-marker" },
  { name: "dictionary whose key is an object", wire: wire("11 03 00  0a 0b 01 01  01"), code: "amf.bad-key" },
  { name: "dictionary whose key is an array", wire: wire("11 03 00  09 01 01  01"), code: "amf.bad-key" },
  { name: "nested 17 deep", wire: nested(17), code: "amf.too-deep" },
] as const;
