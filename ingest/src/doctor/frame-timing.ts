/** How far apart pictures are, and in which order they are shown. */

const RECENT = 128;
const ENOUGH = 10;

export class FrameTiming {
  /** Distances of the last decode times, in milliseconds. */
  private readonly deltas = new Float64Array(RECENT);
  private count = 0;
  private last = Number.NaN;
  private shown = Number.NEGATIVE_INFINITY;
  private run = 0;
  private open = 0;
  private closed = 0;

  /** `compositionTime`: presentation minus decode time. */
  add(timestamp: number, compositionTime: number, isKeyframe: boolean): void {
    const delta = timestamp - this.last;
    if (delta >= 0) this.deltas[this.count++ % RECENT] = delta;
    this.last = timestamp;
    if (isKeyframe) {
      this.closed = this.open;
      this.open = 0;
    }
    const shown = timestamp + compositionTime;
    if (shown < this.shown) {
      this.run++;
      if (this.run > this.open) this.open = this.run;
    } else {
      this.run = 0;
      this.shown = shown;
    }
  }

  /** Time has jumped: what comes next has no distance to what came before. */
  jump(): void {
    this.last = Number.NaN;
    this.shown = Number.NEGATIVE_INFINITY;
    this.run = 0;
  }

  /** Pictures in a row that are shown before one that came earlier: B-frames. Of the last two GOPs. */
  get depth(): number {
    return Math.max(this.open, this.closed);
  }

  /** The usual distance in milliseconds: the mean of the middle half, which holes do not move. Null: too few are known. */
  get usual(): number | null {
    const known = Math.min(this.count, RECENT);
    if (known < ENOUGH) return null;
    const sorted = this.deltas.slice(0, known).sort();
    const middle = sorted.subarray(Math.floor(known / 4), Math.ceil((known * 3) / 4));
    const mean = middle.reduce((sum, delta) => sum + delta, 0) / middle.length;
    return mean > 0 ? mean : null;
  }
}
