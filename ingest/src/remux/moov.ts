import { WireError } from "../bytes/wire-error.ts";
import type { Track } from "../packager/track.ts";
import { type BoxAt, boxesIn, findBox, guarded, needBox } from "./box-reader.ts";
import { audioCodec, videoCodec } from "./codec-string.ts";
import { readColour } from "./colour-boxes.ts";

/** A track of the moov, with what its fragments leave out (trex, ISO/IEC 14496-12 §8.8.3). */
export interface TrackDefaults {
  readonly id: number;
  readonly track: Track;
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

const MAX_TRACKS = 16;

/** The audio and video tracks of a whole moov box; other kinds are left out. */
export function readMovie(moov: Uint8Array): TrackDefaults[] {
  return guarded(() => {
    const view = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
    const whole: BoxAt = { type: "moov", start: 0, body: 8, end: moov.length };
    const mvex = findBox(view, whole.body, whole.end, "mvex");
    const tracks: TrackDefaults[] = [];
    for (const box of boxesIn(view, whole.body, whole.end)) {
      if (box.type !== "trak") continue;
      if (tracks.length >= MAX_TRACKS) throw new WireError("fmp4.too-large", "more tracks than allowed");
      const track = readTrack(moov, view, box);
      if (track === null) continue;
      const tkhd = needBox(view, box, "tkhd");
      const id = view.getUint32(tkhd.body + (view.getUint8(tkhd.body) === 1 ? 20 : 12));
      tracks.push({ id, track, ...readDefaults(view, mvex, id) });
    }
    return tracks;
  });
}

function readDefaults(view: DataView, mvex: BoxAt | null, id: number): Omit<TrackDefaults, "id" | "track"> {
  if (mvex !== null) {
    for (const { type, body } of boxesIn(view, mvex.body, mvex.end)) {
      if (type === "trex" && view.getUint32(body + 4) === id) {
        return {
          duration: view.getUint32(body + 12),
          size: view.getUint32(body + 16),
          flags: view.getUint32(body + 20),
        };
      }
    }
  }
  return { duration: 0, size: 0, flags: 0 };
}

function readTrack(moov: Uint8Array, view: DataView, trak: BoxAt): Track | null {
  const mdia = needBox(view, trak, "mdia");
  const mdhd = needBox(view, mdia, "mdhd");
  const timescale = view.getUint32(mdhd.body + (view.getUint8(mdhd.body) === 1 ? 20 : 12));
  if (timescale === 0) throw new WireError("fmp4.malformed", "timescale 0");
  const handler = view.getUint32(needBox(view, mdia, "hdlr").body + 8);
  const stsd = needBox(view, mdia, "minf", "stbl", "stsd");
  const entry = boxesIn(view, stsd.body + 8, stsd.end).next().value;
  if (entry === undefined) throw new WireError("fmp4.malformed", "no sample entry");
  // A copy: the entry lives as long as the epoch, the buffer around it need not.
  const sampleEntry = moov.slice(entry.start, entry.end);
  if (handler === 0x76696465 /* vide, §12.1.3 VisualSampleEntry */) {
    const width = view.getUint16(entry.body + 24);
    const height = view.getUint16(entry.body + 26);
    const colour = readColour(sampleEntry);
    const codecs = videoCodec(sampleEntry);
    return { kind: "video", timescale, sampleEntry, codecs, width, height, ...(colour === null ? {} : { colour }) };
  }
  if (handler === 0x736f756e /* soun, §12.2.3 AudioSampleEntry */) {
    const { codecs, frameTicks, channels, sampleRate } = audioCodec(sampleEntry, timescale);
    return { kind: "audio", timescale, sampleEntry, codecs, sampleRate, channels, frameTicks };
  }
  return null;
}
