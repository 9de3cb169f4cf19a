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
  /** The picture at so many seconds from the beginning, or at a moment (milliseconds since 1970) of a broadcast; null where there is none. */
  tileAt(at: { readonly seconds: number } | { readonly moment: number }): Tile | null;
}

export interface Cue extends Tile {
  readonly start: number;
  readonly end: number;
}

const STAMP = /^(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/;
const MAX_CUES = 20_000;
/** The date of the cues' zero, in milliseconds since 1970. */
const ZERO = /^NOTE zero (\S+)$/m;

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

/** `address`: asked each time, because what goes along with it may have been renewed. `keepsGrowing`: of a broadcast that goes on. */
export function makeStoryboard(address: () => string, keepsGrowing: boolean): Storyboard {
  let cues: readonly Cue[] = [];
  let zero = Number.NaN;
  let nextAt = 0;
  return {
    wanted() {
      const now = performance.now();
      if (now < nextAt) return;
      nextAt = keepsGrowing ? now + FRESH_MS : Number.POSITIVE_INFINITY;
      const base = new URL(address(), location.href).href;
      fetch(base)
        .then(async (response) => {
          // Nobody makes them here.
          if (!response.ok) nextAt = Number.POSITIVE_INFINITY;
          else {
            const text = await response.text();
            cues = readStoryboard(text, base);
            zero = Date.parse(ZERO.exec(text)?.[1] ?? "");
          }
        })
        .catch(() => {});
    },
    tileAt: (at) => {
      const seconds = "seconds" in at ? at.seconds : (at.moment - zero) / 1000;
      if (!Number.isFinite(seconds)) return null;
      return cues.findLast(({ start }) => start <= seconds) ?? cues[0] ?? null;
    },
  };
}
