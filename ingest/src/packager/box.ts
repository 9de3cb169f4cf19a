/** Writing of boxes, ISO/IEC 14496-12 §4.2. One function per box stands where it is used, named by its four characters. */

const text = new TextEncoder();

const fourCcs = new Map<string, number>();

/** Four characters as the number they are in a file. */
export function fourCc(type: string): number {
  let value = fourCcs.get(type);
  if (value === undefined) {
    value = 0;
    for (const byte of text.encode(type)) value = value * 256 + byte;
    fourCcs.set(type, value);
  }
  return value;
}

export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  let size = 8;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint32(0, size);
  view.setUint32(4, fourCc(type));
  let at = 8;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(version * 0x1000000 + flags), ...parts);
}

export function u32(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return out;
}

export function u16(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 2);
  const view = new DataView(out.buffer);
  for (const [index, value] of values.entries()) view.setUint16(index * 2, value);
  return out;
}

export function ascii(value: string): Uint8Array {
  return text.encode(value);
}

export function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}
