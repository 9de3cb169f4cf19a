/** AMF3 values, as they come inside AMF0 behind the avmplus marker (commands of Flash-era and some hardware encoders). */
import type { ByteReader } from "../../bytes/reader.ts";
import { WireError } from "../../bytes/wire-error.ts";
import { type AmfBudget, type AmfEcmaArray, type AmfValue, makeAmfObject } from "../amf0/value.ts";
import { Amf3Marker as M } from "./marker.ts";

interface Traits {
  readonly dynamic: boolean;
  readonly keys: readonly string[];
}

/** §1.3.1: 1 to 4 bytes, 29 bits. */
export function readU29(reader: ByteReader): number {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    const byte = reader.u8();
    value = (value << 7) | (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return (value << 8) | reader.u8();
}

/** A function that decodes one value after another from `reader`, with reference tables of its own (§2.2). */
export function makeAmf3Decoder(reader: ByteReader, budget: AmfBudget): () => AmfValue {
  const strings: string[] = [];
  const objects: AmfValue[] = [];
  const traitsTable: Traits[] = [];

  const reference = <T>(table: readonly T[], index: number): T => {
    if (index >= table.length) throw new WireError("amf.bad-reference", `AMF3 reference ${index} of ${table.length}`);
    return table[index]!;
  };

  /** Refuses a count that the rest of the body can't hold, before anything is reserved. */
  const bounded = (count: number, bytesEach: number): number => {
    if (count * bytesEach > reader.remaining)
      throw new WireError("amf.truncated", `${count} AMF3 elements in ${reader.remaining} bytes`);
    return count;
  };

  const string = (): string => {
    const head = readU29(reader);
    if ((head & 1) === 0) return reference(strings, head >> 1);
    const text = reader.utf8(bounded(head >> 1, 1));
    if (text !== "") strings.push(text); // §1.3.2: the empty string is never sent by reference.
    return text;
  };

  const array = (count: number): AmfValue => {
    // §3.11: pairs end with an empty key; then `count` dense elements. With pairs it is an ECMA array.
    const map: AmfEcmaArray = new Map();
    const at = objects.push(map) - 1;
    for (let key = string(); key !== ""; key = string()) map.set(key, value());
    bounded(count, 1);
    if (map.size > 0) {
      for (let i = 0; i < count; i++) map.set(String(i), value());
      return map;
    }
    const dense: AmfValue[] = [];
    objects[at] = dense;
    for (let i = 0; i < count; i++) dense.push(value());
    return dense;
  };

  const readTraits = (head: number): Traits => {
    if ((head & 2) === 0) return reference(traitsTable, head >> 2);
    if ((head & 4) !== 0)
      throw new WireError("amf.unknown-marker", "AMF3 externalizable objects have no defined form here");
    string(); // class name
    const keys: string[] = [];
    const count = bounded(head >> 4, 1);
    budget.values -= count;
    if (budget.values < 0) throw new WireError("amf.too-many-values", "more AMF values in one message than allowed");
    for (let i = 0; i < count; i++) keys.push(string());
    const traits = { dynamic: (head & 8) !== 0, keys };
    traitsTable.push(traits);
    return traits;
  };

  const object = (head: number): AmfValue => {
    const traits = readTraits(head);
    const result = makeAmfObject();
    objects.push(result);
    for (const key of traits.keys) result[key] = value();
    if (traits.dynamic) for (let key = string(); key !== ""; key = string()) result[key] = value();
    return result;
  };

  const vector = (marker: number, count: number): AmfValue => {
    reader.u8(); // fixed-length flag
    const items: AmfValue[] = [];
    objects.push(items);
    if (marker === M.vectorObject) string(); // element type name
    bounded(count, marker === M.vectorDouble ? 8 : marker === M.vectorObject ? 1 : 4);
    budget.values -= count;
    if (budget.values < 0) throw new WireError("amf.too-many-values", "more AMF values in one message than allowed");
    for (let i = 0; i < count; i++) {
      if (marker === M.vectorInt) items.push(reader.i32());
      else if (marker === M.vectorUint) items.push(reader.u32());
      else if (marker === M.vectorDouble) items.push(reader.f64());
      else items.push(value());
    }
    return items;
  };

  const dictionary = (count: number): AmfValue => {
    reader.u8(); // weak-keys flag
    const map: AmfEcmaArray = new Map();
    objects.push(map);
    bounded(count, 2);
    for (let i = 0; i < count; i++) {
      const key = value();
      // Turning an object into text can throw, and references make the text of a small one endless.
      if (typeof key === "object" && key !== null)
        throw new WireError("amf.bad-key", "AMF3 dictionary keys that are objects have no form here");
      map.set(String(key), value());
    }
    return map;
  };

  const complex = (marker: number): AmfValue => {
    const head = readU29(reader);
    if ((head & 1) === 0) return reference(objects, head >> 1);
    if (marker === M.date) {
      const date = new Date(reader.f64());
      objects.push(date);
      return date;
    }
    if (marker === M.xml || marker === M.xmlDocument || marker === M.byteArray) {
      const raw = reader.bytes(head >> 1);
      const result = marker === M.byteArray ? new Uint8Array(raw) : new TextDecoder().decode(raw);
      objects.push(result);
      return result;
    }
    if (--budget.depth < 0) throw new WireError("amf.too-deep", "AMF values nested deeper than allowed");
    const result =
      marker === M.array
        ? array(head >> 1)
        : marker === M.object
          ? object(head)
          : marker === M.dictionary
            ? dictionary(head >> 1)
            : vector(marker, head >> 1);
    budget.depth++;
    return result;
  };

  const value = (): AmfValue => {
    if (--budget.values < 0) throw new WireError("amf.too-many-values", "more AMF values in one message than allowed");
    const marker = reader.u8();
    switch (marker) {
      case M.undefined:
        return undefined;
      case M.null:
        return null;
      case M.false:
        return false;
      case M.true:
        return true;
      case M.integer:
        return (readU29(reader) << 3) >> 3; // §3.6: 29 bits, signed
      case M.double:
        return reader.f64();
      case M.string:
        return string();
      default:
        if (marker > M.dictionary) throw new WireError("amf.unknown-marker", `AMF3 marker ${marker}`);
        return complex(marker);
    }
  };
  return value;
}
