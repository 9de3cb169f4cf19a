/** The pictures of one broadcast: a thumbnail every ten seconds, and sheets of small ones for rewinding. */
import type { MediaSegment, Segment } from "../packager/segment.ts";
import { type Drawer, type Drawn, PictureError } from "./drawer.ts";
import { SHEET_TILES } from "./picture-argv.ts";
import { renderStoryboard, STORYBOARD_NAME, sheetName } from "./storyboard.ts";

/** Where the pictures of a broadcast lie for as long as its media does. */
export interface PictureStore {
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Null: there is none of this name. */
  get(name: string): Promise<Uint8Array | null>;
}

export interface BroadcastPicturesOptions {
  readonly drawer: Drawer;
  /** Unix time in milliseconds at which the broadcast's timeline begins. */
  readonly startedAt: number;
  /** Null: what there is, is in memory. */
  readonly store: PictureStore | null;
  /** How far viewers may rewind, in seconds; null: to the beginning. */
  readonly dvrSeconds: number | null;
  /** Told once when no picture can be drawn of what is sent. */
  readonly onFailure?: (reason: string) => void;
  /** The first picture, and the last one when it is over: what shows the broadcast afterwards. */
  readonly onCover?: (picture: Uint8Array) => Promise<void>;
  /** Milliseconds that never go back. */
  readonly clock?: () => number;
}

export interface Picture {
  readonly bytes: Uint8Array;
  /** No other picture of the broadcast has it. */
  readonly version: number;
}

/** What delivery asks. */
export interface LivePictures {
  /** In the names of its sheets: no other broadcast of the channel has it. */
  readonly id: number;
  /** Null: there is none yet. */
  thumbnail(width: 640 | 320): Picture | null;
  /** WebVTT; null: there is nothing yet. `token`: goes on into its URIs. */
  storyboard(token: string | null): string | null;
  /** A sheet as far as it has come. */
  sheet(number: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean } | null>;
}

export interface BroadcastPictures extends LivePictures {
  onSegment(rendition: string, segment: Segment): void;
  /** It is over: what is to be kept is stored. Never rejects. */
  finish(): Promise<void>;
}

export const SOURCE_RENDITION = "video";
const EVERY_SECONDS = 10;
const SOON_SECONDS = 1.5;
/** Segments are not exactly as long as they should be. */
const TOLERANCE = 0.6;
/** A machine that takes long gets more time: a tenth of it is for pictures at most. */
const SHARE = 10;
const LONGEST_SECONDS = 120;
/** A damaged keyframe may come; one after the other says that nothing is to be expected. */
const MAX_FAILURES = 3;
/** Whole sheets in memory; where nothing is stored they are all that there is. */
const SHEETS_KEPT = 4;
/** A day; what is older is in no storyboard. */
const MAX_TILES = 345 * SHEET_TILES;

export function makeBroadcastPictures(options: BroadcastPicturesOptions): BroadcastPictures {
  const { drawer, store, startedAt, dvrSeconds, onCover, clock = () => performance.now() } = options;
  const id = Math.round(startedAt);
  let latest: Drawn | null = null;
  let version = 0;
  /** Seconds from the first keyframe on: of the tiles from `firstTile` on. */
  let times: number[] = [];
  let firstTile = 0;
  /** Of the sheet that grows. */
  let tiles: Uint8Array[] = [];
  const sheets = new Map<number, Uint8Array>();
  let growing: { readonly count: number; readonly bytes: Promise<Uint8Array> } | null = null;
  /** Where the first keyframe lies on the broadcast's timeline, in seconds. */
  let origin: number | null = null;
  let end = 0;
  let nextAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let failedEpoch: number | null = null;
  let isTold = false;
  let work: Promise<void> = Promise.resolve();
  let isDrawing = false;
  let isOver = false;

  const count = (): number => firstTile + times.length;
  const quietly = (promise: Promise<unknown> | undefined): Promise<void> =>
    Promise.resolve(promise).then(
      () => {},
      () => {},
    );

  function onSegment(rendition: string, segment: Segment): void {
    if (rendition !== SOURCE_RENDITION || segment.kind !== "media" || isOver) return;
    const time = segment.time / segment.timescale;
    origin ??= time;
    end = time + segment.duration / segment.timescale - origin;
    if (isDrawing || time < nextAt || !segment.isIndependent || failedEpoch === segment.epoch.number) return;
    isDrawing = true;
    work = draw(segment, time).finally(() => {
      isDrawing = false;
    });
  }

  async function draw({ epoch, parts, bytes }: MediaSegment, time: number): Promise<void> {
    const init = epoch.tracks.find(({ rendition, track }) => rendition === SOURCE_RENDITION && track.kind === "video");
    if (init === undefined) return;
    const begin = clock();
    nextAt = time + EVERY_SECONDS - TOLERANCE;
    try {
      const drawn = await drawer.keyframe([init.init, parts[0]?.bytes ?? bytes]);
      failures = 0;
      latest = drawn;
      version++;
      if (version === 1 && onCover !== undefined) void quietly(onCover(drawn.large));
      await addTile(drawn.tile, time - origin!);
    } catch (error) {
      // Who has none yet asks again soon.
      if (latest === null) nextAt = time + SOON_SECONDS;
      if (!(error instanceof PictureError) || error.code !== "picture.failed" || ++failures < MAX_FAILURES) return;
      failures = 0;
      failedEpoch = epoch.number;
      if (isTold) return;
      isTold = true;
      options.onFailure?.(error.message);
    } finally {
      const elapsed = (clock() - begin) / 1_000;
      nextAt = Math.max(nextAt, time + Math.min(LONGEST_SECONDS, elapsed * SHARE));
    }
  }

  async function addTile(tile: Uint8Array, time: number): Promise<void> {
    times.push(time);
    tiles.push(tile);
    if (tiles.length === SHEET_TILES) await closeSheet();
    if (times.length <= MAX_TILES) return;
    times = times.slice(SHEET_TILES);
    firstTile += SHEET_TILES;
  }

  async function closeSheet(): Promise<void> {
    const number = Math.ceil(count() / SHEET_TILES) - 1;
    try {
      const bytes = await drawn();
      sheets.set(number, bytes);
      if (sheets.size > SHEETS_KEPT) sheets.delete(sheets.keys().next().value!);
      if (store === null) return;
      await store.put(sheetName(number), bytes);
      // After a crash the storyboard goes as far as its whole sheets.
      await store.put(STORYBOARD_NAME, new TextEncoder().encode(render(firstTile, null, (sheet) => sheetName(sheet))));
    } catch {
      // Its place in the bar has no picture; players show none.
    } finally {
      tiles = [];
      growing = null;
    }
  }

  /** The sheet that grows, as far as it has come: drawn once for all who ask. */
  function drawn(): Promise<Uint8Array> {
    if (growing?.count !== tiles.length) growing = { count: tiles.length, bytes: drawer.sheet(tiles.slice()) };
    return growing.bytes;
  }

  function render(from: number, token: string | null, uriOf: (sheet: number, tiles: number) => string): string {
    const suffix = token === null ? "" : `token=${encodeURIComponent(token)}`;
    return renderStoryboard({
      zero: startedAt + (origin ?? 0) * 1_000,
      times: times.slice(from - firstTile),
      first: from,
      end,
      sheetUri(sheet, some) {
        const uri = uriOf(sheet, some);
        return suffix === "" ? uri : `${uri}${uri.includes("?") ? "&" : "?"}${suffix}`;
      },
    });
  }

  /** The first tile that viewers may still come back to. */
  function oldestTile(): number {
    const inMemory = (Math.ceil(count() / SHEET_TILES) - SHEETS_KEPT) * SHEET_TILES;
    const kept = store === null ? Math.max(firstTile, inMemory) : firstTile;
    if (dvrSeconds === null || store === null) return kept;
    const within = times.findIndex((_, index) => (times[index + 1] ?? end) > end - dvrSeconds);
    return Math.max(kept, firstTile + Math.max(0, within));
  }

  return {
    id,
    onSegment,
    thumbnail(width) {
      if (latest === null) return null;
      return { bytes: width === 640 ? latest.large : latest.small, version };
    },
    storyboard(token) {
      if (times.length === 0) return null;
      return render(oldestTile(), token, (sheet, some) =>
        some === SHEET_TILES ? `storyboard-${id}-${sheet}.webp` : `storyboard-${id}-${sheet}.webp?tiles=${some}`,
      );
    },
    async sheet(number) {
      const whole = sheets.get(number);
      if (whole !== undefined) return { bytes: whole, isWhole: true };
      const isGrowing = tiles.length > 0 && number === Math.floor((count() - 1) / SHEET_TILES);
      if (isGrowing) {
        const asked = drawn();
        try {
          return { bytes: await asked, isWhole: false };
        } catch {
          if (growing?.bytes === asked) growing = null;
          return null;
        }
      }
      const stored = number * SHEET_TILES < count() ? await store?.get(sheetName(number)).catch(() => null) : null;
      return stored == null ? null : { bytes: stored, isWhole: true };
    },
    async finish() {
      if (isOver) return;
      isOver = true;
      await work;
      if (latest !== null) await quietly(onCover?.(latest.large));
      if (store === null || times.length === 0) return;
      if (tiles.length > 0) await closeSheet();
      else
        await quietly(
          store.put(STORYBOARD_NAME, new TextEncoder().encode(render(firstTile, null, (sheet) => sheetName(sheet)))),
        );
    },
  };
}
