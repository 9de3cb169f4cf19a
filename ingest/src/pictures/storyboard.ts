/** Small pictures for the bar on which viewers rewind: WebVTT whose cues name a place in a sheet (`#xywh=`, W3C Media Fragments §4.2.2). */
import { SHEET_COLUMNS, SHEET_TILES, TILE_HEIGHT, TILE_WIDTH } from "./picture-argv.ts";

/** As they are stored beside a recording. */
export const sheetName = (number: number): string => `storyboard-${number}.webp`;
export const STORYBOARD_NAME = "storyboard.vtt";

export interface StoryboardOptions {
  /** Unix time in milliseconds of the cues' zero. */
  readonly zero: number;
  /** Seconds from there, one for each tile from `first` on. */
  readonly times: readonly number[];
  /** The number of the first tile among all. */
  readonly first: number;
  /** When the last one ends. */
  readonly end: number;
  /** `tiles`: how many a sheet has so far. */
  readonly sheetUri: (sheet: number, tiles: number) => string;
}

/** `NOTE zero …` tells the date of the cues' zero, as EXT-X-PROGRAM-DATE-TIME tells that of segments. */
export function renderStoryboard({ zero, times, first, end, sheetUri }: StoryboardOptions): string {
  const blocks = [`WEBVTT\n\nNOTE zero ${new Date(zero).toISOString()}\n`];
  const count = first + times.length;
  for (const [index, time] of times.entries()) {
    const tile = first + index;
    const sheet = Math.floor(tile / SHEET_TILES);
    const place = tile % SHEET_TILES;
    const [x, y] = [(place % SHEET_COLUMNS) * TILE_WIDTH, Math.floor(place / SHEET_COLUMNS) * TILE_HEIGHT];
    const tiles = Math.min(SHEET_TILES, count - sheet * SHEET_TILES);
    const until = times[index + 1] ?? Math.max(end, time + 0.001);
    blocks.push(
      `${clock(time)} --> ${clock(until)}\n${sheetUri(sheet, tiles)}#xywh=${x},${y},${TILE_WIDTH},${TILE_HEIGHT}\n`,
    );
  }
  return blocks.join("\n");
}

/** WebVTT §4.1: hours may have more than two digits. */
function clock(seconds: number): string {
  const all = Math.round(seconds * 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60, all % 60_000];
  return `${two(hours)}:${two(minutes)}:${two(Math.floor(rest / 1_000))}.${String(rest % 1_000).padStart(3, "0")}`;
}

/** A stored storyboard for who watches with a token: its URIs carry it on. */
export function withToken(storyboard: Uint8Array, token: string): Uint8Array {
  const text = new TextDecoder().decode(storyboard);
  const suffix = `?token=${encodeURIComponent(token)}`;
  return new TextEncoder().encode(text.replaceAll(/^storyboard-\d+\.webp/gm, (uri) => `${uri}${suffix}`));
}
