/** Which renditions a source is transcoded to. */

export interface Rung {
  /** Of its rendition: `480p`. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Bits per second. */
  readonly bitrate: number;
}

/** Lines of the shorter side, and bits per second at up to 30 pictures a second: about what players of Twitch and YouTube are given. */
const STEPS = [
  { lines: 720, bitrate: 2_500_000 },
  { lines: 480, bitrate: 1_200_000 },
  { lines: 360, bitrate: 700_000 },
] as const;
/** A step this close to the source would cost an encoder and save nobody anything. */
const CLOSE = 0.85;

/**
 * Never larger than the source, in its shape, costliest first. Upright pictures count by their width. Empty for a source that has no smaller step.
 */
export function rungsFor({ width, height }: { readonly width: number; readonly height: number }): Rung[] {
  const shorter = Math.min(width, height);
  if (shorter <= 0) return [];
  return STEPS.filter(({ lines }) => lines <= shorter * CLOSE).map(({ lines, bitrate }) => {
    const scale = lines / shorter;
    return { name: `${lines}p`, width: even(width * scale), height: even(height * scale), bitrate };
  });
}

/** 4:2:0 has half as many samples of colour each way. */
const even = (size: number): number => Math.max(2, 2 * Math.round(size / 2));
