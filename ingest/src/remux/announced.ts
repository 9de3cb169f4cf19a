import { AmfMarker, findProperty } from "../flv/amf-search.ts";

/** Which tracks the publisher's metadata promises. */
export interface Announced {
  readonly audio: boolean;
  readonly video: boolean;
}

const text = new TextEncoder();
const AUDIO = text.encode("audiocodecid");
const VIDEO = text.encode("videocodecid");

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
  // A number 0 says "none" in some encoders' audiocodecid; it is PCM for none.
  for (let value = 0; ; ) {
    value = findProperty(payload, name, value);
    if (value < 0) return false;
    if (payload[value] === AmfMarker.string) return true;
    if (payload[value] !== AmfMarker.number) continue;
    for (let index = 1; index <= 8; index++) if ((payload[value + index] ?? 0) !== 0) return true;
    return false;
  }
}
