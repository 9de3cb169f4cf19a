/**
 * Our servers number discontinuities by the clock (they never go back, whatever restarts), from some ten million on. hls.js keeps an array that is as long as
 * the number and walks over it with every playlist, which takes a second each time. It gets numbers from zero on instead.
 */
const TAG = /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m;

/** One for all playlists of a player, as their numbers belong together. */
export function makeRebase(): (playlist: string) => string {
  let base: number | null = null;
  return (playlist) =>
    playlist.replace(TAG, (_tag, digits: string) => {
      const number = Number(digits);
      base ??= number;
      // Another server with a clock that was set back.
      if (number < base) base = number;
      return `#EXT-X-DISCONTINUITY-SEQUENCE:${number - base}`;
    });
}
