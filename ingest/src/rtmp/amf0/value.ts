/**
 * An AMF value. The same type serves AMF0 and AMF3: ECMA arrays (AMF0 §2.10) are Maps, so that they round-trip apart from
 * anonymous objects; typed objects lose their class name, XML becomes text, byte arrays exist in AMF3 only.
 */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | Uint8Array
  | AmfValue[]
  | AmfObject
  | AmfEcmaArray;
/** Prototype-less when decoded, so that no key from the wire (`__proto__`, `constructor`) means anything. */
export interface AmfObject {
  [key: string]: AmfValue;
}
export type AmfEcmaArray = Map<string, AmfValue>;

export const makeAmfObject = (): AmfObject => Object.create(null) as AmfObject;

export function isAmfObject(value: AmfValue): value is AmfObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

/** A property of an object or ECMA array; undefined for anything else. */
export function amfProperty(value: AmfValue, key: string): AmfValue {
  if (value instanceof Map) return value.get(key);
  return isAmfObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** What one AMF body may cost us. Shared by nested bodies (an AMF3 value inside AMF0 draws on the same budget). */
export interface AmfBudget {
  depth: number;
  values: number;
}
