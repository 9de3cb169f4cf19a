/**
 * Properties of AMF0 by a search, not by a decoder: what real encoders send is often not quite AMF0, and all that is asked for has a name of its own.
 */

/** An AMF0 property: name length (u16), name, value. Where the value begins; -1: there is none. */
export function findProperty(payload: Uint8Array, name: Uint8Array, from = 0): number {
  const last = payload.length - name.length - 1;
  for (let at = Math.max(2, from); at <= last; at++) {
    if (payload[at] !== name[0] || payload[at - 1] !== name.length) continue;
    let same = 1;
    while (same < name.length && payload[at + same] === name[same]) same++;
    if (same === name.length) return at + name.length;
  }
  return -1;
}

export const AmfMarker = { number: 0x00, string: 0x02 } as const;

/** A property that is a finite number; null when there is none. */
export function findNumber(payload: Uint8Array, name: Uint8Array): number | null {
  const at = findProperty(payload, name);
  if (at < 0 || payload[at] !== AmfMarker.number || at + 9 > payload.length) return null;
  const value = new DataView(payload.buffer, payload.byteOffset + at + 1, 8).getFloat64(0);
  return Number.isFinite(value) ? value : null;
}
