import type { VideoConfig } from "../flv/video-config.ts";

/** H.264 table A-1: level, MaxMBPS (macroblocks a second), MaxFS (macroblocks of a picture). */
const LEVELS: readonly (readonly [number, number, number])[] = [
  [1, 1_485, 99],
  [1.1, 3_000, 396],
  [1.2, 6_000, 396],
  [1.3, 11_880, 396],
  [2, 11_880, 396],
  [2.1, 19_800, 792],
  [2.2, 20_250, 1_620],
  [3, 40_500, 1_620],
  [3.1, 108_000, 3_600],
  [3.2, 216_000, 5_120],
  [4, 245_760, 8_192],
  [4.1, 245_760, 8_192],
  [4.2, 522_240, 8_704],
  [5, 589_824, 22_080],
  [5.1, 983_040, 36_864],
  [5.2, 2_073_600, 36_864],
];
/** Clocks are rounded to milliseconds, and 59.94 is written as 60. */
const ROUNDING = 1.05;

/** The level that a picture of this size and rate needs, when that is more than is announced; null when it is not. */
export function neededLevel({ width, height, level }: VideoConfig, fps: number): number | null {
  const size = Math.ceil(width / 16) * Math.ceil(height / 16);
  const fits = ([, rate, picture]: readonly [number, number, number]) =>
    size <= picture && size * fps <= rate * ROUNDING;
  const announced = LEVELS.find(([known]) => known === level);
  if (announced === undefined || fits(announced)) return null;
  return LEVELS.find(fits)?.[0] ?? null;
}
