/** ProducerReferenceTimeBox, ISO/IEC 14496-12 §8.16.5: which moment of the clock a moment of the media was. */
import type { Milliseconds } from "../bytes/units.ts";
import { fourCc } from "./box.ts";

export const PRFT_SIZE = 32;
const PRFT = fourCc("prft");
/** 64 bits of media time; the time at which the frame went into the encoder, as far as a server can know: when it arrived. */
const VERSION_1 = 0x01000000;
/** Seconds between 1900, where NTP begins (RFC 5905 §6), and 1970. */
const NTP_BEFORE_UNIX = 2_208_988_800;

/** Writes it to `out` at `at`. `clock`: Unix time of the presentation at `mediaTime`, which is in the track's ticks. */
export function writePrft(out: Uint8Array, at: number, trackId: number, clock: Milliseconds, mediaTime: number): void {
  const view = new DataView(out.buffer, out.byteOffset + at, PRFT_SIZE);
  view.setUint32(0, PRFT_SIZE);
  view.setUint32(4, PRFT);
  view.setUint32(8, VERSION_1);
  view.setUint32(12, trackId);
  const seconds = Math.floor(clock / 1000);
  view.setUint32(16, (seconds + NTP_BEFORE_UNIX) % 2 ** 32);
  view.setUint32(20, Math.floor(((clock - seconds * 1000) / 1000) * 2 ** 32));
  view.setUint32(24, Math.floor(mediaTime / 2 ** 32));
  view.setUint32(28, mediaTime % 2 ** 32);
}
