import { ByteWriter } from "../../bytes/writer.ts";
import type { AmfValue } from "../amf0/value.ts";
import { Amf3Marker as M } from "./marker.ts";

const utf8 = new TextEncoder();
const MAX_INTEGER = 2 ** 28 - 1;
const MIN_INTEGER = -(2 ** 28);

/** One value in AMF3. Sends no references, which §2.2 allows. The mirror of `makeAmf3Decoder`. */
export function encodeAmf3(value: AmfValue): Uint8Array {
  const writer = new ByteWriter();
  encodeValue(writer, value);
  return writer.take();
}

function writeU29(writer: ByteWriter, value: number): void {
  if (value < 0x80) writer.u8(value);
  else if (value < 0x4000) writer.u8(0x80 | (value >> 7)).u8(value & 0x7f);
  else if (value < 0x200000)
    writer
      .u8(0x80 | (value >> 14))
      .u8(0x80 | ((value >> 7) & 0x7f))
      .u8(value & 0x7f);
  else
    writer
      .u8(0x80 | (value >> 22))
      .u8(0x80 | ((value >> 15) & 0x7f))
      .u8(0x80 | ((value >> 8) & 0x7f))
      .u8(value & 0xff);
}

function writeString(writer: ByteWriter, text: string): void {
  const encoded = utf8.encode(text);
  writeU29(writer, (encoded.length << 1) | 1);
  writer.bytes(encoded);
}

function encodeValue(writer: ByteWriter, value: AmfValue): void {
  if (value === undefined) writer.u8(M.undefined);
  else if (value === null) writer.u8(M.null);
  else if (typeof value === "boolean") writer.u8(value ? M.true : M.false);
  else if (typeof value === "number") encodeNumber(writer, value);
  else if (typeof value === "string") writeString(writer.u8(M.string), value);
  else if (value instanceof Date) writer.u8(M.date).u8(1).f64(value.getTime());
  else if (value instanceof Uint8Array) {
    writeU29(writer.u8(M.byteArray), (value.length << 1) | 1);
    writer.bytes(value);
  } else if (Array.isArray(value)) {
    writeU29(writer.u8(M.array), (value.length << 1) | 1);
    writeString(writer, "");
    for (const element of value) encodeValue(writer, element);
  } else if (value instanceof Map) {
    writer.u8(M.array).u8(1);
    encodePairs(writer, value);
  } else {
    writer.u8(M.object).u8(0x0b); // inline object, inline traits, dynamic, no sealed members
    writeString(writer, "");
    encodePairs(writer, Object.entries(value));
  }
}

function encodePairs(writer: ByteWriter, pairs: Iterable<[string, AmfValue]>): void {
  for (const [key, value] of pairs) {
    if (key === "") throw new RangeError("AMF3 ends dynamic members with the empty name");
    writeString(writer, key);
    encodeValue(writer, value);
  }
  writeString(writer, "");
}

function encodeNumber(writer: ByteWriter, value: number): void {
  const small = Number.isInteger(value) && value >= MIN_INTEGER && value <= MAX_INTEGER && !Object.is(value, -0);
  if (small) writeU29(writer.u8(M.integer), value & 0x1fffffff);
  else writer.u8(M.double).f64(value);
}
