import { ByteReader } from "../../bytes/reader.ts";
import { WireError } from "../../bytes/wire-error.ts";
import { makeAmf3Decoder } from "../amf3/decode.ts";
import type { SessionLimits } from "../limits.ts";
import { Marker } from "./marker.ts";
import { type AmfBudget, type AmfEcmaArray, type AmfObject, type AmfValue, makeAmfObject } from "./value.ts";

type AmfLimits = Pick<SessionLimits, "maxAmfDepth" | "maxAmfValues">;

/** All values of an AMF0 body, in order. Throws WireError `amf.*`; its cost is bounded by the body's length and the limits. */
export function decodeAmf0(body: Uint8Array, limits: AmfLimits): AmfValue[] {
  const reader = new ByteReader(body, "amf.truncated");
  const budget: AmfBudget = { depth: limits.maxAmfDepth, values: limits.maxAmfValues };
  const references: AmfValue[] = [];
  const values: AmfValue[] = [];
  while (reader.remaining > 0) values.push(decodeValue(reader, budget, references));
  return values;
}

function decodeValue(reader: ByteReader, budget: AmfBudget, references: AmfValue[]): AmfValue {
  if (--budget.values < 0) throw new WireError("amf.too-many-values", "more AMF values in one message than allowed");
  const marker = reader.u8();
  switch (marker) {
    case Marker.number:
      return reader.f64();
    case Marker.boolean:
      return reader.u8() !== 0;
    case Marker.string:
      return reader.utf8(reader.u16());
    case Marker.null:
      return null;
    case Marker.undefined:
    case Marker.unsupported:
      return undefined;
    case Marker.longString:
    case Marker.xmlDocument:
      return reader.utf8(reader.u32());
    case Marker.date: {
      const date = new Date(reader.f64());
      reader.u16(); // §2.13: time zone, reserved, should be zero.
      return date;
    }
    case Marker.reference: {
      const index = reader.u16();
      if (index >= references.length)
        throw new WireError("amf.bad-reference", `AMF0 reference ${index} of ${references.length}`);
      return references[index];
    }
    case Marker.avmPlus:
      // AMF0 §3.1: one AMF3 value follows; its reference tables are its own.
      return makeAmf3Decoder(reader, budget)();
    case Marker.object:
    case Marker.typedObject:
    case Marker.ecmaArray:
    case Marker.strictArray:
      return decodeComplex(marker, reader, budget, references);
    default:
      throw new WireError("amf.unknown-marker", `AMF0 marker ${marker}`);
  }
}

function decodeComplex(marker: number, reader: ByteReader, budget: AmfBudget, references: AmfValue[]): AmfValue {
  if (--budget.depth < 0) throw new WireError("amf.too-deep", "AMF values nested deeper than allowed");
  let value: AmfValue;
  if (marker === Marker.strictArray) {
    const count = reader.u32();
    // Every element takes a byte at least: a count beyond the body is a lie, found before anything is reserved.
    if (count > reader.remaining)
      throw new WireError("amf.truncated", `array of ${count} values in ${reader.remaining} bytes`);
    const array: AmfValue[] = [];
    references.push(array);
    for (let i = 0; i < count; i++) array.push(decodeValue(reader, budget, references));
    value = array;
  } else if (marker === Marker.ecmaArray) {
    reader.u32(); // §2.10: the count is a hint, the end marker decides.
    const map: AmfEcmaArray = new Map();
    references.push(map);
    decodeProperties(reader, budget, references, (key, property) => map.set(key, property));
    value = map;
  } else {
    if (marker === Marker.typedObject) reader.utf8(reader.u16());
    const object: AmfObject = makeAmfObject();
    references.push(object);
    decodeProperties(reader, budget, references, (key, property) => {
      object[key] = property;
    });
    value = object;
  }
  budget.depth++;
  return value;
}

function decodeProperties(
  reader: ByteReader,
  budget: AmfBudget,
  references: AmfValue[],
  add: (key: string, value: AmfValue) => void,
): void {
  for (;;) {
    const key = reader.utf8(reader.u16());
    if (key === "" && reader.remaining > 0 && reader.buffer[reader.position] === Marker.objectEnd) {
      reader.u8();
      return;
    }
    add(key, decodeValue(reader, budget, references));
  }
}
