/**
 * The notation of the vectors: hex pairs, "quoted ASCII", `XX*n` for n equal bytes, and a comment from // to the line's end.
 *
 *     03            // fmt 0, csid 3
 *     00 03 e8      // timestamp 1000
 *     61*128        // payload
 */
const TOKEN = /\/\/[^\n]*|"([^"]*)"|([0-9a-f]{2})\*(\d+)|((?:[0-9a-f]{2})+)|\s+/giy;

export function wire(text: string): Uint8Array {
  const bytes: number[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxError(`not wire notation at: ${text.slice(at, at + 20)}`);
    const [, quoted, repeated, count, pairs] = match;
    if (quoted !== undefined) for (const c of quoted) bytes.push(c.charCodeAt(0));
    else if (repeated !== undefined) for (let i = 0; i < Number(count); i++) bytes.push(Number.parseInt(repeated, 16));
    else if (pairs !== undefined)
      for (let i = 0; i < pairs.length; i += 2) bytes.push(Number.parseInt(pairs.slice(i, i + 2), 16));
  }
  return Uint8Array.from(bytes);
}

/** The same bytes in pieces that end at the given offsets; each piece is a copy of its own, as reads from a socket are. */
export function split(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const to of [...offsets, bytes.length]) {
    if (to < from || to > bytes.length) continue;
    pieces.push(bytes.slice(from, to));
    from = to;
  }
  return pieces;
}

export const byteByByte = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Row shape of every table. `section`: the standard's section that the wire was written from. */
export interface Vector<T> {
  readonly name: string;
  readonly section: string;
  readonly wire: Uint8Array;
  readonly value: T;
}

export const toHex = (bytes: Uint8Array): string => bytes.toHex();

/** Messages or events with their payloads as hex text: a failed comparison prints lines instead of thousands of numbers. */
export function readable(values: readonly { readonly payload?: Uint8Array }[]): object[] {
  return values.map((value) => (value.payload === undefined ? value : { ...value, payload: toHex(value.payload) }));
}
