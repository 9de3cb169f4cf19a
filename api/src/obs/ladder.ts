/** Which pictures an encoder is asked for: its own and smaller ones, as many as it can encode and its line can carry. Nothing is encoded anew here. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly framerate: Framerate;
}

export interface Framerate {
  readonly numerator: number;
  readonly denominator: number;
}

export interface Rung {
  readonly width: number;
  readonly height: number;
  /** Kilobits per second. */
  readonly bitrate: number;
}

export interface LadderLimits {
  readonly maxTracks: number;
  /** Kilobits per second of all pictures together; null: nobody says. */
  readonly maxBitrate: number | null;
}

/** Lines below the source's, and kilobits per second at up to 30 pictures a second. docs/obs.md has the same for one picture. */
const STEPS = [
  { lines: 2160, bitrate: 16_000 },
  { lines: 1440, bitrate: 9_000 },
  { lines: 1080, bitrate: 4_500 },
  { lines: 720, bitrate: 2_500 },
  { lines: 480, bitrate: 1_200 },
  { lines: 360, bitrate: 700 },
] as const;
const LEAST_BITRATE = 300;
const USUAL_FPS = 30;
const FAST_FACTOR = 4 / 3;
/** Below this part of what its picture needs, the source gives up a smaller picture rather than more of its own. */
const LEAST_PART = 0.6;
/** Not worth a picture of its own: four fifths of the one above. */
const CLOSE = 0.8;

const linesOf = ({ width, height }: { readonly width: number; readonly height: number }) => Math.min(width, height);
const total = (rungs: readonly Rung[]) => rungs.reduce((sum, { bitrate }) => sum + bitrate, 0);

function bitrateOf(lines: number, { numerator, denominator }: Framerate): number {
  const step = STEPS.find((each) => lines >= each.lines) ?? { lines, bitrate: LEAST_BITRATE };
  const factor = numerator / denominator > USUAL_FPS * 1.1 ? FAST_FACTOR : 1;
  return Math.round((step.bitrate * factor) / 50) * 50;
}

const even = (value: number) => 2 * Math.round(value / 2);

/** The source first, then down. */
export function ladderFor(canvas: Canvas, { maxTracks, maxBitrate }: LadderLimits): readonly Rung[] {
  const { width, height, framerate } = canvas;
  const source = linesOf(canvas);
  const rung = (lines: number): Rung => ({
    width: even((width * lines) / source),
    height: even((height * lines) / source),
    bitrate: bitrateOf(lines, framerate),
  });
  const smaller = STEPS.filter(({ lines }) => lines <= Math.min(720, source * CLOSE)).map(({ lines }) => rung(lines));
  // Of too many the smallest stay: who has a narrow line has nothing else.
  const below = smaller.slice(Math.max(0, smaller.length - Math.max(0, maxTracks - 1)));
  const own = { ...rung(source), width: even(width), height: even(height) };
  if (maxBitrate === null) return [own, ...below];
  while (below.length > 0 && maxBitrate - total(below) < LEAST_PART * own.bitrate) below.shift();
  return [{ ...own, bitrate: Math.max(LEAST_BITRATE, Math.min(own.bitrate, maxBitrate - total(below))) }, ...below];
}
