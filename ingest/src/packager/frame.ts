/** A sample with its place on the broadcast's timeline, in the rendition's ticks. */
export interface Frame {
  /** Decode time (tfdt). */
  readonly time: number;
  /** Exactly up to the next frame's time, unless the epoch ends between them. */
  readonly duration: number;
  /** Presentation minus decode time; an epoch's first picture has 0. */
  readonly cts: number;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}
