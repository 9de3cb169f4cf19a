import type { MultivariantPlaylist } from "./hls-multivariant.ts";
import type { ListedPart, ListedSegment } from "./hls-playlist.ts";
import type { InitFile, MediaFile } from "./media-file.ts";
import type { Mpd, Representation, TimelineSegment } from "./mpd.ts";
import type { Answer, MpdHistory, PlaylistHistory, Presentation, Reload } from "./presentation.ts";

/** `must`: a client may fail on it. `should`: it costs something, or only some clients. */
export type Severity = "must" | "should";

export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  /** The URI of the resource, as its own server names it. */
  readonly where: string;
  readonly detail: string;
  /** Unix time. */
  readonly at: number;
}

/** Everything that rules are asked about. `where` is absolute. */
export type Observation =
  | { readonly kind: "multivariant"; readonly where: string; readonly playlist: MultivariantPlaylist }
  | { readonly kind: "reload"; readonly where: string; readonly reload: Reload; readonly history: PlaylistHistory }
  /** A delta update beside the whole playlist of the same moment. */
  | {
      readonly kind: "delta";
      readonly where: string;
      readonly delta: Reload["playlist"];
      readonly whole: Reload["playlist"];
    }
  | {
      readonly kind: "init";
      readonly where: string;
      readonly init: InitFile | null;
      readonly history: PlaylistHistory;
    }
  | {
      readonly kind: "segment";
      readonly where: string;
      readonly segment: ListedSegment;
      readonly file: MediaFile;
      readonly history: PlaylistHistory;
    }
  | {
      readonly kind: "part";
      readonly where: string;
      readonly part: ListedPart;
      /** Of its segment, and its place in it. */
      readonly number: number;
      readonly index: number;
      readonly file: MediaFile;
      readonly history: PlaylistHistory;
    }
  /** Bytes of anything but playlists. `before`: the digest of the last time. */
  | { readonly kind: "bytes"; readonly where: string; readonly digest: string; readonly before: string | null }
  /** The end of looking at a live playlist. */
  | { readonly kind: "silence"; readonly where: string; readonly history: PlaylistHistory; readonly answer: Answer }
  /** Something that left its playlist was asked for while it had to be there still. */
  | { readonly kind: "removed"; readonly where: string; readonly answer: Answer }
  /** An answer over HTTP. `resource`: what it was asked as. */
  | {
      readonly kind: "answer";
      readonly where: string;
      readonly answer: Answer;
      readonly resource: ResourceKind;
      /** TARGETDURATION where it is known. */
      readonly targetDuration: number | null;
    }
  /** Directives that make no sense. */
  | {
      readonly kind: "probe";
      readonly where: string;
      readonly what: string;
      readonly wanted: number;
      readonly answer: Answer;
    }
  | {
      readonly kind: "mpd";
      readonly where: string;
      readonly mpd: Mpd;
      readonly text: string;
      readonly answer: Answer;
      readonly history: MpdHistory | null;
    }
  | {
      readonly kind: "mpd-init";
      readonly where: string;
      readonly init: InitFile | null;
      readonly representation: Representation;
    }
  | {
      readonly kind: "mpd-segment";
      readonly where: string;
      readonly segment: TimelineSegment;
      readonly representation: Representation;
      readonly file: MediaFile;
    }
  /** The server's clock, in milliseconds beside ours, with the time that asking took. */
  | { readonly kind: "clock"; readonly where: string; readonly offMs: number | null; readonly tripMs: number };

export type ResourceKind =
  | "multivariant"
  | "playlist"
  | "blocking"
  | "manifest"
  | "init"
  | "segment"
  | "part"
  | "removed"
  | "probe"
  | "time";

type Kind = Observation["kind"];
export type Observed<K extends Kind> = Extract<Observation, { readonly kind: K }>;

export interface Rule<K extends Kind = Kind> {
  /** Stable: a label of metrics. */
  readonly name: string;
  /** Where it stands; names as in docs/specs.md. */
  readonly section: string;
  readonly severity: Severity;
  /** What it demands, in a sentence. */
  readonly demands: string;
  readonly on: K;
  /** A sentence per violation. */
  readonly check: (seen: Observed<K>, all: Presentation) => readonly string[];
}

/** Ties the type of `check` to `on`. */
export function rule<K extends Kind>(definition: Rule<K>): Rule {
  return definition as unknown as Rule;
}
