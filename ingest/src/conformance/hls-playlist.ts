/** What a media playlist says, draft-pantos-hls-rfc8216bis §4.4. */

/** A resource, or a range of it: the key by which its bytes are known. */
export interface Reference {
  /** As written. */
  readonly uri: string;
  /** `START-END`, inclusive; null: the whole. */
  readonly range: string | null;
}

export interface ListedPart extends Reference {
  readonly seconds: number;
  readonly isIndependent: boolean;
  readonly isGap: boolean;
}

export interface ListedSegment extends Reference {
  readonly number: number;
  readonly seconds: number;
  /** Discontinuity sequence number, counted from EXT-X-DISCONTINUITY-SEQUENCE. */
  readonly discontinuity: number;
  readonly hasDiscontinuityTag: boolean;
  readonly map: Reference | null;
  /** Unix time; null without a tag of its own. */
  readonly dateTime: number | null;
  readonly isGap: boolean;
  /** METHOD of the EXT-X-KEY that applies, if it is not NONE. */
  readonly encryption: string | null;
  readonly parts: readonly ListedPart[];
}

/** What stands behind the last segment. */
export interface GrowingEdge {
  readonly parts: readonly ListedPart[];
  readonly hasDiscontinuityTag: boolean;
  readonly discontinuity: number;
  readonly map: Reference | null;
  readonly dateTime: number | null;
  readonly encryption: string | null;
}

export interface ServerControl {
  readonly canBlockReload: boolean;
  readonly holdBack: number | null;
  readonly partHoldBack: number | null;
  readonly canSkipUntil: number | null;
}

export interface Hint extends Reference {
  readonly type: string;
}

export interface RenditionReport {
  readonly uri: string;
  readonly msn: number | null;
  readonly part: number | null;
}

export interface MediaPlaylist {
  readonly version: number;
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly hasMediaSequence: boolean;
  readonly discontinuitySequence: number;
  readonly hasDiscontinuitySequence: boolean;
  readonly isIndependent: boolean;
  readonly type: string | null;
  readonly hasEnded: boolean;
  readonly control: ServerControl | null;
  readonly partTarget: number | null;
  /** SKIPPED-SEGMENTS of a delta update; null: this is the whole. The segments skipped are in `segments`, as far as they were known. */
  readonly skipped: number | null;
  readonly segments: readonly ListedSegment[];
  readonly edge: GrowingEdge;
  readonly hints: readonly Hint[];
  readonly reports: readonly RenditionReport[];
  /** What is wrong with the text itself. */
  readonly problems: readonly string[];
}
