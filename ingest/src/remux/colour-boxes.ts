/** Colours in a visual sample entry: `colr` (ISO/IEC 14496-12 §12.1.5), `mdcv` and `clli` (§12.1.6, §12.1.7). */
import { type Colour, makeColour, UNSPECIFIED } from "../flv/colour.ts";
import type { ColourInfo, LightLevel, MasteringDisplay } from "../flv/colour-info.ts";
import { ascii, box, u16, u32 } from "../packager/box.ts";
import type { VideoTrack } from "../packager/track.ts";
import { type BoxAt, boxesIn, findBox } from "./box-reader.ts";

/** VisualSampleEntry (ISO/IEC 14496-12 §12.1.3): its fields before the boxes inside. */
const VISUAL_FIELDS = 78;
const NCLX = 0x6e636c78;
const OURS: ReadonlySet<string> = new Set(["colr", "mdcv", "clli"]);

/** What the publisher tells beside the picture counts for more than what the picture says of itself, as `colr` does for players. */
export function mergeColour(colour: Colour | null, info: ColourInfo | null): Colour | null {
  return makeColour(
    info?.primaries ?? colour?.primaries ?? UNSPECIFIED,
    info?.transfer ?? colour?.transfer ?? UNSPECIFIED,
    info?.matrix ?? colour?.matrix ?? UNSPECIFIED,
    colour?.isFullRange ?? false,
  );
}

export function withColour(track: VideoTrack, colour: Colour | null, info: ColourInfo | null): VideoTrack {
  const told = [
    colour === null ? null : colr(colour),
    info?.mastering ? mdcv(info.mastering) : null,
    info?.light ? clli(info.light) : null,
  ].filter((made) => made !== null);
  if (told.length === 0) return track;
  const { view, entry } = openEntry(track.sampleEntry);
  const bytes = (from: number, to: number) => track.sampleEntry.subarray(from, to);
  const others = [...boxesIn(view, entry.body + VISUAL_FIELDS, entry.end)].filter(({ type }) => !OURS.has(type));
  const kept = others.map(({ start, end }) => bytes(start, end));
  const sampleEntry = box(entry.type, bytes(entry.body, entry.body + VISUAL_FIELDS), ...kept, ...told);
  return { ...track, sampleEntry, ...(colour === null ? {} : { colour }) };
}

/** Null where the entry does not tell. */
export function readColour(sampleEntry: Uint8Array): Colour | null {
  const { view, entry } = openEntry(sampleEntry);
  const found = findBox(view, entry.body + VISUAL_FIELDS, entry.end, "colr");
  if (found === null || found.end - found.body < 11 || view.getUint32(found.body) !== NCLX) return null;
  const number = (at: number) => view.getUint16(found.body + at);
  return makeColour(number(4), number(6), number(8), (view.getUint8(found.body + 10) & 0x80) !== 0);
}

function openEntry(sampleEntry: Uint8Array): { view: DataView; entry: BoxAt } {
  const view = new DataView(sampleEntry.buffer, sampleEntry.byteOffset, sampleEntry.byteLength);
  return { view, entry: boxesIn(view, 0, sampleEntry.length).next().value! };
}

function colr({ primaries, transfer, matrix, isFullRange }: Colour): Uint8Array {
  return box("colr", ascii("nclx"), u16(primaries, transfer, matrix), Uint8Array.of(isFullRange ? 0x80 : 0));
}

/** Chromaticities in steps of 0.00002, green first; luminances in steps of 0.0001 cd/m². */
function mdcv({ red, green, blue, white, maxLuminance, minLuminance }: MasteringDisplay): Uint8Array {
  const points = [green, blue, red, white].flat().map((value) => Math.round(value * 50_000));
  return box("mdcv", u16(...points), u32(Math.round(maxLuminance * 10_000), Math.round(minLuminance * 10_000)));
}

/** CTA-861.3 §A: the brightest pixel, then the brightest frame on average. */
function clli({ maxContent, maxFrameAverage }: LightLevel): Uint8Array {
  return box("clli", u16(maxContent, maxFrameAverage));
}
