import type { Colour } from "../live/media-tag.ts";

/**
 * What a remuxer hands to the packager: tracks and samples with exact decode times. Boxes are written by the packager alone, so
 * a remuxer that is not ffmpeg needs to know nothing of ISO/IEC 14496-12 beyond the sample entry.
 */
interface TrackBase {
  /** Its rendition's name. Not given: the source's own track of its kind, which is named as that is. */
  readonly rendition?: string;
  /** Ticks per second of its samples' `dts` and `cts`. */
  readonly timescale: number;
  /** The whole sample entry box (`avc1`, `mp4a` …) with its decoder configuration, ISO/IEC 14496-12 §8.5.2. */
  readonly sampleEntry: Uint8Array;
  /** RFC 6381. */
  readonly codecs: string;
}

export interface VideoTrack extends TrackBase {
  readonly kind: "video";
  readonly width: number;
  readonly height: number;
  /** Not given: nobody says. */
  readonly colour?: Colour;
}

export interface AudioTrack extends TrackBase {
  readonly kind: "audio";
  readonly sampleRate: number;
  readonly channels: number;
  /** Every sample's duration in `timescale` ticks when the codec fixes it (AAC: 1024), else null: it follows from the decode times. */
  readonly frameTicks: number | null;
}

export type Track = VideoTrack | AudioTrack;
export type TrackKind = Track["kind"];

/** One access unit. `data` is kept until its part is written, and never changed. */
export interface Sample {
  /** Decode time in the track's ticks; zero is the same moment for all tracks of an epoch. */
  readonly dts: number;
  /** Presentation minus decode time; may be negative. */
  readonly cts: number;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}

/** To be spread into what may have it. */
export const colourOf = ({ colour }: Pick<VideoTrack, "colour">): Pick<VideoTrack, "colour"> =>
  colour === undefined ? {} : { colour };
