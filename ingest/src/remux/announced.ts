/** Which tracks the publisher's metadata promises. */
export interface Announced {
  readonly audio: boolean;
  readonly video: boolean;
}

const text = new TextEncoder();
const AUDIO = text.encode("audiocodecid");
const VIDEO = text.encode("videocodecid");
const NUMBER = 0x00;
const STRING = 0x02;

/**
 * Looks for `audiocodecid` and `videocodecid` in a script tag's AMF0 (Adobe FLV 10.1 §E.5). Null when it promises neither. A
 * search, not a decode: a wrong answer costs a wait of a second, and metadata of real encoders is often not quite AMF0.
 */
export function readAnnounced(payload: Uint8Array): Announced | null {
  const audio = hasProperty(payload, AUDIO);
  const video = hasProperty(payload, VIDEO);
  return audio || video ? { audio, video } : null;
}

function hasProperty(payload: Uint8Array, name: Uint8Array): boolean {
  // An AMF0 property: name length (u16), name, value. A number 0 says "none" in some encoders' audiocodecid; it is PCM for none.
  const last = payload.length - name.length - 1;
  for (let at = 2; at <= last; at++) {
    if (payload[at] !== name[0] || payload[at - 1] !== name.length) continue;
    let same = 1;
    while (same < name.length && payload[at + same] === name[same]) same++;
    if (same < name.length) continue;
    const value = at + name.length;
    if (payload[value] === STRING) return true;
    if (payload[value] === NUMBER) {
      for (let index = 1; index <= 8; index++) if ((payload[value + index] ?? 0) !== 0) return true;
      return false;
    }
  }
  return false;
}
