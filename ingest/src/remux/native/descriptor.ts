/** MPEG-4 descriptors of `esds`, ISO/IEC 14496-1 §7.2.6. */
import { fullBox } from "../../packager/box.ts";

/** Tag, size in one byte (ours are all below 128), body. */
function descriptor(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new Uint8Array(2 + size);
  out[0] = tag;
  out[1] = size;
  let at = 2;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const AUDIO_STREAM = 0x15;

/** `config`: DecoderSpecificInfo; null for codecs that have none. */
export function esds(objectType: number, config: Uint8Array | null): Uint8Array {
  const specific = config === null ? [] : [descriptor(5, config)];
  // Object type, stream type, and sizes and rates that nobody has measured.
  const decoder = descriptor(4, Uint8Array.of(objectType, AUDIO_STREAM, ...new Array(11).fill(0)), ...specific);
  const sync = descriptor(6, Uint8Array.of(2));
  return fullBox("esds", 0, 0, descriptor(3, Uint8Array.of(0, 0, 0), decoder, sync));
}
