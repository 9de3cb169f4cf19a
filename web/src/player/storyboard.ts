/** Small pictures along the scrub bar: a WebVTT file whose cues name a rectangle of a sheet (`sheet.jpg#xywh=0,0,160,90`). */
export interface Tile {
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Storyboard {
  /** Somebody looks: fetch it, or fetch it again when it has grown old. */
  wanted(): void;
  /** The picture at so many seconds; null where there is none. */
  tileAt(seconds: number): Tile | null;
}

export interface Cue extends Tile {
  readonly start: number;
  readonly end: number;
}

const STAMP = /^(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/;
const MAX_CUES = 20_000;

function seconds(stamp: string | undefined): number {
  const [, hours = "0", minutes = "", rest = ""] = STAMP.exec(stamp ?? "") ?? [];
  return Number(hours) * 3600 + Number(minutes || Number.NaN) * 60 + Number(rest || Number.NaN);
}

/** What can't be read is left out. `base`: where the file lies; its pictures must lie on the same host. */
export function readStoryboard(text: string, base: string): Cue[] {
  const cues: Cue[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    const [from, arrow, to] = line.trim().split(/\s+/);
    if (arrow !== "-->" || cues.length >= MAX_CUES) continue;
    const target = (lines[index + 1] ?? "").trim();
    const area = /^(\d{1,6}),(\d{1,6}),(\d{1,4}),(\d{1,4})$/.exec(/#xywh=(?:pixel:)?(.*)$/.exec(target)?.[1] ?? "");
    const [start, end] = [seconds(from), seconds(to)];
    if (area === null || !(end > start) || !URL.canParse(target, base)) continue;
    const url = new URL(target, base);
    if (url.origin !== new URL(base).origin) continue;
    url.hash = "";
    const [x = 0, y = 0, width = 0, height = 0] = area.slice(1).map(Number);
    cues.push({ start, end, url: url.href, x, y, width, height });
  }
  return cues.sort((a, b) => a.start - b.start);
}

const FRESH_MS = 15_000;

/** `keepsGrowing`: of a broadcast that goes on. */
export function makeStoryboard(url: string, keepsGrowing: boolean): Storyboard {
  let cues: readonly Cue[] = [];
  let nextAt = 0;
  const base = new URL(url, location.href).href;
  return {
    wanted() {
      const now = performance.now();
      if (now < nextAt) return;
      nextAt = keepsGrowing ? now + FRESH_MS : Number.POSITIVE_INFINITY;
      fetch(base)
        .then(async (response) => {
          if (response.ok) cues = readStoryboard(await response.text(), base);
          // Nobody makes them here.
          else nextAt = Number.POSITIVE_INFINITY;
        })
        .catch(() => {});
    },
    tileAt: (at) => cues.findLast(({ start }) => start <= at) ?? cues[0] ?? null,
  };
}
