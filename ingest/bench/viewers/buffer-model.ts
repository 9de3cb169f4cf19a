/**
 * What a player that decodes nothing would show: a playhead that runs while every track has media ahead of it. Times in milliseconds on
 * one clock that the caller gives; media in seconds from the place where the player started.
 */

export type Playing = "joining" | "playing" | "stalled";

/** Media of one track from `start` on; `wall`: the Unix time at which it was sent or made, null where nobody says. */
interface Stretch {
  readonly start: number;
  readonly wall: number | null;
}

interface Track {
  end: number;
  readonly stretches: Stretch[];
}

export interface BufferModelOptions {
  readonly tracks: number;
  /** Seconds ahead before a stalled player goes on. */
  readonly resumeAt: number;
  readonly onStart: () => void;
  readonly onStall: (milliseconds: number) => void;
}

/** Stretches behind the playhead that are kept. */
const KEPT = 4;

export class BufferModel {
  private readonly tracks: Track[];
  private state: Playing = "joining";
  private playhead = 0;
  private at = Number.NaN;
  private stalledAt = Number.NaN;
  private playedMs = 0;
  private stalledMs = 0;

  constructor(private readonly options: BufferModelOptions) {
    this.tracks = Array.from({ length: options.tracks }, () => ({ end: 0, stretches: [] }));
  }

  get playing(): Playing {
    return this.state;
  }

  /** Seconds ahead of the playhead. */
  get ahead(): number {
    return Math.min(...this.tracks.map(({ end }) => end)) - this.playhead;
  }

  /** Milliseconds that were played. */
  get played(): number {
    return this.playedMs;
  }

  /** Milliseconds that it stood still, with the stall that goes on. */
  stalled(now: number): number {
    return this.stalledMs + (this.state === "stalled" ? now - this.stalledAt : 0);
  }

  /** A track's media begin `seconds` before the place where the player starts. */
  begin(track: number, seconds: number): void {
    this.tracks[track]!.end = -seconds;
  }

  add(track: number, seconds: number, wall: number | null, now: number): void {
    this.advance(now);
    const { stretches, end } = this.tracks[track]!;
    stretches.push({ start: end, wall });
    this.tracks[track]!.end = end + seconds;
    while (stretches.length > KEPT && stretches[1]!.start < this.playhead) stretches.shift();
    if (this.state === "joining" && this.ahead > 0) {
      this.state = "playing";
      this.at = now;
      this.options.onStart();
    } else if (this.state === "stalled" && this.ahead >= this.options.resumeAt) {
      this.state = "playing";
      this.stalledMs += now - this.stalledAt;
      this.options.onStall(now - this.stalledAt);
      this.at = now;
    }
  }

  /** Runs the playhead up to now. */
  advance(now: number): void {
    if (this.state !== "playing") return;
    const wanted = Math.max(0, now - this.at) / 1_000;
    const possible = Math.max(0, this.ahead);
    const moved = Math.min(wanted, possible);
    this.playhead += moved;
    this.playedMs += moved * 1_000;
    if (wanted > possible) {
      this.state = "stalled";
      this.stalledAt = this.at + possible * 1_000;
    }
    this.at = now;
  }

  /** How old what is shown is; null where the media don't say, or while nothing moves. `unixNow`: Unix time. */
  latency(unixNow: number): number | null {
    if (this.state !== "playing") return null;
    for (const { stretches } of this.tracks) {
      const shown = stretches.findLast(({ start, wall }) => start <= this.playhead && wall !== null);
      if (shown !== undefined) return unixNow - (shown.wall! + (this.playhead - shown.start) * 1_000);
    }
    return null;
  }
}
