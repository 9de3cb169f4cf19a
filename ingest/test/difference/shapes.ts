/** What encoders send, in odd shapes: real H.264, AAC and MP3 from ffmpeg's encoders, with the clock, the losses and the changes that publishers have. */
import fc from "fast-check";
import { type FlvTag, lengthOf, makeFlv, type Recipe } from "../../src/remux/testing/flv.ts";

export interface Shape {
  readonly recipe: Recipe;
  /** What the encoder goes on with in the same connection: another size, rate or codec; null: nothing. */
  readonly next: Recipe | null;
  /** The first timestamp, on a clock of 32 bits. */
  readonly start: number;
  /** Milliseconds that the clock leaps by behind the first half; 0: it does not. */
  readonly leap: number;
  /** Of the pictures between keyframes every so many-th is left out, as encoders do when the line is full; 0: none is. */
  readonly loses: number;
  /** How much later than the picture's the sound's timestamps are. */
  readonly soundLag: number;
}

const even = (min: number, max: number) => fc.integer({ min, max }).map((half) => 2 * half);

const video = fc.record({
  size: fc.tuple(even(16, 200), even(16, 200)).map(([width, height]) => `${width}x${height}`),
  fps: fc.constantFrom(5, 10, 15, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 120),
  gop: fc.integer({ min: 1, max: 90 }),
  bFrames: fc.integer({ min: 0, max: 4 }),
  kbps: fc.integer({ min: 50, max: 2_000 }),
});
const audio = fc.oneof(
  fc.record({
    codec: fc.constant("aac" as const),
    rate: fc.constantFrom(8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000),
    channels: fc.constantFrom(1, 2, 6),
  }),
  // What FLV can say of MP3.
  fc.record({
    codec: fc.constant("libmp3lame" as const),
    rate: fc.constantFrom(11_025, 22_050, 44_100),
    channels: fc.constantFrom(1, 2),
  }),
);
const seconds = fc.constantFrom(1, 2);
const recipe: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ seconds, video, audio }) },
  { weight: 1, arbitrary: fc.record({ seconds, video }) },
  { weight: 1, arbitrary: fc.record({ seconds, audio }) },
);
const around = (value: number) => fc.integer({ min: value - 2_000, max: value + 2_000 });

/** Below what makes an epoch of its own: decode times step back within one. */
const STEP_BACK = -260;

/** Whether there is something to compare: where ffmpeg can't do it, native has no other to agree with. */
function isComparable({ recipe: first, leap }: Shape): boolean {
  // ffmpeg gives pictures their decode times as times of presentation where decode times step back ("non-monotonous DTS"): B-frames then come out of order.
  return leap !== STEP_BACK || (first.video?.bFrames ?? 0) === 0;
}

const anyShape: fc.Arbitrary<Shape> = fc.record({
  recipe,
  next: fc.option(recipe, { freq: 3 }),
  // The extended timestamp of RTMP begins at 2^24, signed readers break at 2^31, the clock begins anew at 2^32.
  start: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 100_000 }),
    around(2 ** 24),
    fc.integer({ min: 2 ** 24, max: 2 ** 32 - 1 }),
    around(2 ** 31),
    fc.integer({ min: 2 ** 32 - 4_000, max: 2 ** 32 - 1 }),
  ),
  leap: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-90_000, -4_000, STEP_BACK, 180, 1_900, 2_100, 60_000, 7_200_000) },
  ),
  loses: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) }),
  soundLag: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -90, max: 400 }) },
  ),
});

export const shape = anyShape.filter(isComparable);

const KEY_FRAME = 1;
const PICTURE = 1;

/** Classic H.264 between keyframes. */
const isDroppable = ({ kind, body }: FlvTag): boolean =>
  kind === "video" && body[0]! >> 4 !== KEY_FRAME && body[1] === PICTURE;

/** The tags in the order in which they are sent. */
export async function tagsOf({ recipe: first, next, start, leap, loses, soundLag }: Shape): Promise<FlvTag[]> {
  const parts = [await makeFlv(first), ...(next === null ? [] : [await makeFlv(next)])];
  const length = lengthOf(parts[0]!);
  let droppable = 0;
  const sent = parts.flatMap((tags, part) =>
    tags
      .filter((tag) => !(loses > 0 && isDroppable(tag) && droppable++ % loses === 0))
      .toSorted((a, b) => a.timestamp - b.timestamp)
      .map((tag) => {
        const lag = tag.kind === "audio" && tag.timestamp > 0 ? soundLag : 0;
        return { ...tag, timestamp: part * length + tag.timestamp + lag };
      }),
  );
  const middle = length / 2;
  return sent.map((tag) => {
    const at = start + tag.timestamp + (tag.timestamp > middle ? leap : 0);
    return { ...tag, timestamp: ((at % 2 ** 32) + 2 ** 32) % 2 ** 32 };
  });
}
