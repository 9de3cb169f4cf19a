import { ByteWriter } from "../../bytes/writer.ts";
import { Marker } from "./marker.ts";
import type { AmfValue } from "./value.ts";

const utf8 = new TextEncoder();
const MAX_SHORT_STRING = 0xffff;

/** AMF0 bodies of our own values. A value that AMF0 has no form for (bytes) is a bug: RangeError. */
export function encodeAmf0(values: readonly AmfValue[]): Uint8Array {
  const writer = new ByteWriter();
  for (const value of values) encodeValue(writer, value);
  return writer.take();
}

function encodeValue(writer: ByteWriter, value: AmfValue): void {
  if (typeof value === "number") writer.u8(Marker.number).f64(value);
  else if (typeof value === "boolean") writer.u8(Marker.boolean).u8(value ? 1 : 0);
  else if (typeof value === "string") encodeString(writer, value);
  else if (value === null) writer.u8(Marker.null);
  else if (value === undefined) writer.u8(Marker.undefined);
  else if (value instanceof Date) writer.u8(Marker.date).f64(value.getTime()).u16(0);
  else if (value instanceof Uint8Array) throw new RangeError("AMF0 has no byte array");
  else if (Array.isArray(value)) {
    writer.u8(Marker.strictArray).u32(value.length);
    for (const element of value) encodeValue(writer, element);
  } else if (value instanceof Map) {
    writer.u8(Marker.ecmaArray).u32(value.size);
    for (const [key, property] of value) encodeProperty(writer, key, property);
    endObject(writer);
  } else {
    writer.u8(Marker.object);
    for (const key of Object.keys(value)) encodeProperty(writer, key, value[key]);
    endObject(writer);
  }
}

function encodeString(writer: ByteWriter, value: string): void {
  const text = utf8.encode(value);
  if (text.length > MAX_SHORT_STRING) writer.u8(Marker.longString).u32(text.length).bytes(text);
  else writer.u8(Marker.string).u16(text.length).bytes(text);
}

function encodeProperty(writer: ByteWriter, key: string, value: AmfValue): void {
  const text = utf8.encode(key);
  if (text.length > MAX_SHORT_STRING) throw new RangeError("AMF0 property names end at 65535 bytes");
  writer.u16(text.length).bytes(text);
  encodeValue(writer, value);
}

function endObject(writer: ByteWriter): void {
  writer.u16(0).u8(Marker.objectEnd);
}
