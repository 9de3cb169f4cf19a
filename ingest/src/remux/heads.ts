/** What says how a track is decoded: its configuration, or a frame where the codec has none. */
import type { MediaTag } from "../live/media-tag.ts";

/** MP3 and (E-)AC-3 have no configuration message: each frame tells all. */
export function isOwnHead({ codec }: MediaTag): boolean {
  return codec === ".mp3" || codec === "ac-3" || codec === "ec-3";
}

export function sameHead(known: MediaTag, tag: MediaTag): boolean {
  if (known.codec !== tag.codec) return false;
  const [a, b] = [known.payload, tag.payload];
  // Of a frame, the FLV byte with rate and channels is the configuration.
  if (!tag.isConfig) return a[0] === b[0];
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
