/** What is known of one presentation while it is looked at: the history that rules are asked about. Bounded, however long that lasts. */
import type { Milliseconds } from "../bytes/units.ts";
import type { MultivariantPlaylist } from "./hls-multivariant.ts";
import type { ListedPart, ListedSegment, MediaPlaylist, Reference } from "./hls-playlist.ts";
import type { InitFile, MediaFile } from "./media-file.ts";
import type { Mpd } from "./mpd.ts";

/** How something came to us. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. Null: it did not come over HTTP. */
  readonly headers: ReadonlyMap<string, string> | null;
  readonly sentAt: Milliseconds;
  readonly receivedAt: Milliseconds;
}

/** Delivery directives of a reload (HLS §6.2.5). */
export interface Asked {
  readonly msn: number;
  readonly part: number | null;
}

export interface Reload {
  readonly text: string;
  readonly playlist: MediaPlaylist;
  readonly answer: Answer;
  readonly asked: Asked | null;
  /** Segments that no reload before has listed. */
  readonly fresh: readonly ListedSegment[];
  /** Parts that no reload before has listed, with the number of their segment. */
  readonly freshParts: readonly { readonly number: number; readonly part: ListedPart }[];
}

export interface Removed {
  readonly segment: ListedSegment;
  /** How long it has to answer still (HLS §6.2.2). */
  readonly until: Milliseconds;
}

/** Of one media playlist. Rules see it as it was before the reload that they judge. */
export interface PlaylistHistory {
  /** Absolute. */
  readonly uri: string;
  first: MediaPlaylist | null;
  latest: Reload | null;
  /** As first listed, by number. */
  readonly segments: Map<number, ListedSegment>;
  /** Numbers of the references listed, by key. */
  readonly references: Map<string, number>;
  readonly parts: Set<string>;
  /** When the newest segment was first seen. */
  newestAt: Milliseconds;
  /** Until when it is known to have been the newest, apart from reloads. */
  quietUntil: Milliseconds;
  longestSeconds: number;
  removed: Removed[];
  /** What was read of segments, by number. */
  readonly media: Map<number, MediaFile>;
  /** What was read of parts, by number of their segment, in order. */
  readonly mediaOfParts: Map<number, { readonly index: number; readonly file: MediaFile }[]>;
  readonly sizes: Map<number, number>;
  /** Rendition reports about this playlist that are not known to be true yet: the newest position, and when it was told. */
  reported: { readonly msn: number; readonly part: number; readonly at: Milliseconds; readonly by: string } | null;
}

export interface Presentation {
  multivariant: { readonly uri: string; readonly playlist: MultivariantPlaylist } | null;
  readonly playlists: Map<string, PlaylistHistory>;
  readonly inits: Map<string, InitFile>;
  /** Digest by absolute URI and range. */
  readonly digests: Map<string, string>;
  mpd: MpdHistory | null;
}

export interface MpdHistory {
  readonly uri: string;
  readonly first: Mpd;
  latest: Mpd;
  latestText: string;
  /** Segments listed, by Period, Representation and number. */
  readonly segments: Map<string, { readonly time: number; readonly duration: number }>;
  readonly periods: Map<string, number | null>;
}

export function makePresentation(): Presentation {
  return { multivariant: null, playlists: new Map(), inits: new Map(), digests: new Map(), mpd: null };
}

export function historyOf(all: Presentation, uri: string): PlaylistHistory {
  let history = all.playlists.get(uri);
  if (history === undefined) {
    history = {
      uri,
      first: null,
      latest: null,
      segments: new Map(),
      references: new Map(),
      parts: new Set(),
      newestAt: 0 as Milliseconds,
      quietUntil: 0 as Milliseconds,
      longestSeconds: 0,
      removed: [],
      media: new Map(),
      mediaOfParts: new Map(),
      sizes: new Map(),
      reported: null,
    };
    all.playlists.set(uri, history);
  }
  return history;
}

export const keyOf = ({ uri, range }: Reference): string => (range === null ? uri : `${uri} ${range}`);

export const lengthOf = (segments: readonly { readonly seconds: number }[]): number =>
  segments.reduce((sum, { seconds }) => sum + seconds, 0);

/** The newest part or segment of a playlist: `part` is -1 where a whole segment is the newest. */
export function positionOf({ segments, edge }: MediaPlaylist): { readonly msn: number; readonly part: number } {
  const last = segments.at(-1)?.number ?? -1;
  return edge.parts.length > 0 ? { msn: last + 1, part: edge.parts.length - 1 } : { msn: last, part: -1 };
}

/** All parts listed, in order, with the number of their segment and their place in it. */
export function partsOf({ segments, edge, mediaSequence }: MediaPlaylist) {
  const found: { readonly number: number; readonly index: number; readonly part: ListedPart }[] = [];
  for (const { number, parts } of segments)
    for (const [index, part] of parts.entries()) found.push({ number, index, part });
  const next = (segments.at(-1)?.number ?? mediaSequence - 1) + 1;
  for (const [index, part] of edge.parts.entries()) found.push({ number: next, index, part });
  return found;
}

/** Keeps the newest entries of a map whose keys are added in order. */
export function prune(map: Map<unknown, unknown> | Set<unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
