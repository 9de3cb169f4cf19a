/**
 * Judges what a client sees of one presentation, in the order in which it sees it. A value without clock or I/O: the same calls give the
 * same violations. A violation is told once, however often it is seen.
 */
import { type Milliseconds, ms } from "../bytes/units.ts";
import { readMediaPlaylist } from "./hls-media.ts";
import { type MultivariantPlaylist, readMultivariantPlaylist } from "./hls-multivariant.ts";
import type { ListedPart, ListedSegment, MediaPlaylist, Reference } from "./hls-playlist.ts";
import { type InitFile, type MediaFile, readInit, readMedia } from "./media-file.ts";
import { type Mpd, type Representation, readMpd, resolve, type TimelineSegment } from "./mpd.ts";
import {
  type Answer,
  type Asked,
  historyOf,
  keyOf,
  lengthOf,
  makePresentation,
  type PlaylistHistory,
  partsOf,
  prune,
  type Reload,
  type Removed,
} from "./presentation.ts";
import type { Observation, ResourceKind, Rule, Violation } from "./rule.ts";
import { rememberMpd } from "./rules/dash-places.ts";
import { RULES } from "./rules/rules.ts";

export interface InspectorOptions {
  /** Names bytes: equal for equal bytes only. */
  readonly digest: (bytes: Uint8Array) => string;
  readonly onViolation: (violation: Violation) => void;
  /** Segments of a playlist, and its parts, that are remembered beyond those that it lists. At least 64, default 2,000. */
  readonly memory?: number;
}

export interface Inspector {
  /** How many segments, parts and digests are remembered. */
  readonly remembered: number;
  /** Of what kinds anything was seen: the rules about others had nothing to say. */
  readonly seen: ReadonlySet<Observation["kind"]>;
  /** Returns what was read, for the client's next step. */
  multivariant(uri: string, text: string, answer: Answer): MultivariantPlaylist;
  reload(uri: string, text: string, answer: Answer, asked?: Asked | null): MediaPlaylist;
  /** Known without a reload: no segment was new until then. */
  quiet(uri: string, until: Milliseconds): void;
  /** A delta update and the whole playlist, asked for at the same time. */
  delta(uri: string, delta: string, whole: string): void;
  init(uri: string, map: Reference, bytes: Uint8Array, answer: Answer): InitFile | null;
  segment(uri: string, segment: ListedSegment, bytes: Uint8Array, answer: Answer): MediaFile;
  part(
    uri: string,
    place: { readonly number: number; readonly index: number; readonly part: ListedPart },
    bytes: Uint8Array,
    answer: Answer,
  ): MediaFile;
  /** What the playlist does not list any more, and has to be there still. */
  removed(uri: string, now: Milliseconds): readonly Removed[];
  removedAnswer(uri: string, segment: ListedSegment, answer: Answer): void;
  mpd(uri: string, text: string, answer: Answer): Mpd | null;
  mpdInit(representation: Representation, bytes: Uint8Array, answer: Answer): void;
  mpdSegment(representation: Representation, segment: TimelineSegment, bytes: Uint8Array, answer: Answer): MediaFile;
  /** `offMs`: null where the clock gave no time. */
  clock(uri: string, offMs: number | null, tripMs: number): void;
  /** Something that was asked for and did not come as it should: an answer that is not 200. */
  failure(uri: string, resource: ResourceKind, answer: Answer): void;
  probe(uri: string, what: string, wanted: number, answer: Answer): void;
  /** The client looks at a playlist for the last time. */
  leave(uri: string, answer: Answer): void;
}

const MAX_TOLD = 2_000;
const MEMORY = 2_000;
/** Files whose inside is remembered: of each, what was listed must be remembered too. */
const MAX_MEDIA = 64;

export function makeInspector({ digest, onViolation, ...options }: InspectorOptions): Inspector {
  const memory = Math.max(MAX_MEDIA, options.memory ?? MEMORY);
  const all = makePresentation();
  const told = new Set<string>();
  const kinds = new Set<Observation["kind"]>();
  const byKind = new Map<string, Rule[]>();
  for (const rule of RULES) byKind.set(rule.on, [...(byKind.get(rule.on) ?? []), rule]);

  function judge(seen: Observation, at: Milliseconds): void {
    kinds.add(seen.kind);
    for (const { name, severity, check } of byKind.get(seen.kind) ?? []) {
      for (const detail of check(seen, all)) {
        const key = `${name} ${seen.where} ${detail}`;
        if (told.has(key)) continue;
        told.add(key);
        prune(told, MAX_TOLD);
        onViolation({ rule: name, severity, where: shortened(seen.where), detail, at });
      }
    }
  }

  function answered(where: string, answer: Answer, resource: ResourceKind, targetDuration: number | null = null): void {
    if (answer.headers === null && answer.status === 200) return;
    judge({ kind: "answer", where, answer, resource, targetDuration }, answer.receivedAt);
  }

  function bytesOf(where: string, bytes: Uint8Array, { receivedAt }: Answer): void {
    const now = digest(bytes);
    const before = all.digests.get(where) ?? null;
    all.digests.set(where, now);
    prune(all.digests, 2 * memory);
    judge({ kind: "bytes", where, digest: now, before }, receivedAt);
  }

  const initOf = (uri: string, map: Reference | null): InitFile | null =>
    map === null ? null : (all.inits.get(keyOf({ ...map, uri: resolve(map.uri, uri) })) ?? null);

  function remember(history: PlaylistHistory, reload: Reload): void {
    const { playlist, answer } = reload;
    const before = history.latest?.playlist;
    history.first ??= playlist;
    if (before !== undefined) {
      const left = before.segments.filter(({ number, isGap }) => number < playlist.mediaSequence && !isGap);
      for (const segment of left) {
        // When it left lies between the two reloads: counted from the earlier, it has to be there in any case.
        const until = ms(history.latest!.answer.receivedAt + (segment.seconds + history.longestSeconds) * 1000);
        history.removed.push({ segment, until });
      }
      history.removed = history.removed.filter(({ until }) => until > answer.receivedAt);
    }
    history.longestSeconds = Math.max(history.longestSeconds, lengthOf(playlist.segments));
    for (const segment of reload.fresh) {
      history.segments.set(segment.number, segment);
      history.references.set(keyOf(segment), segment.number);
      history.newestAt = answer.receivedAt;
    }
    for (const { part } of reload.freshParts) history.parts.add(keyOf(part));
    prune(history.segments, playlist.segments.length + memory);
    prune(history.references, playlist.segments.length + memory);
    prune(history.parts, partsOf(playlist).length + memory);
    history.latest = reload;
    history.reported = null;
    for (const report of playlist.reports) {
      const other = all.playlists.get(resolve(report.uri, history.uri));
      if (other === undefined || report.msn === null || playlist.hasEnded) continue;
      other.reported = { msn: report.msn, part: report.part ?? -1, at: answer.receivedAt, by: shortened(history.uri) };
    }
  }

  return {
    get remembered() {
      const lists = [...all.playlists.values()].map(
        ({ segments, references, parts }) => segments.size + references.size + parts.size,
      );
      return lists.reduce((sum, size) => sum + size, all.digests.size + (all.mpd?.segments.size ?? 0));
    },
    seen: kinds,
    multivariant(uri, text, answer) {
      answered(uri, answer, "multivariant");
      const playlist = readMultivariantPlaylist(text);
      all.multivariant = { uri, playlist };
      judge({ kind: "multivariant", where: uri, playlist }, answer.receivedAt);
      return playlist;
    },
    reload(uri, text, answer, asked = null) {
      const history = historyOf(all, uri);
      const playlist = readMediaPlaylist(text, (number) => history.segments.get(number));
      answered(
        uri,
        answer,
        asked === null ? "playlist" : "blocking",
        playlist.hasEnded ? null : playlist.targetDuration,
      );
      if (history.latest !== null && history.latest.text === text && asked === null) {
        // Nothing new; but known to have been so until now.
        history.latest = { ...history.latest, answer };
        return playlist;
      }
      const fresh = playlist.segments.filter(({ number }) => !history.segments.has(number));
      const freshParts = partsOf(playlist).filter(({ part }) => !history.parts.has(keyOf(part)));
      const reload: Reload = { text, playlist, answer, asked, fresh, freshParts };
      judge({ kind: "reload", where: uri, reload, history }, answer.receivedAt);
      remember(history, reload);
      return playlist;
    },
    quiet(uri, until) {
      historyOf(all, uri).quietUntil = until;
    },
    delta(uri, deltaText, wholeText) {
      const whole = readMediaPlaylist(wholeText);
      const known = new Map(whole.segments.map((segment) => [segment.number, segment]));
      const delta = readMediaPlaylist(deltaText, (number) => known.get(number));
      judge({ kind: "delta", where: uri, delta, whole }, historyOf(all, uri).latest?.answer.receivedAt ?? ms(0));
    },
    init(uri, map, bytes, answer) {
      const where = keyOf({ ...map, uri: resolve(map.uri, uri) });
      answered(where, answer, "init");
      bytesOf(where, bytes, answer);
      const init = readInit(bytes);
      if (init !== null) all.inits.set(where, init);
      prune(all.inits, MAX_MEDIA);
      judge({ kind: "init", where, init, history: historyOf(all, uri) }, answer.receivedAt);
      return init;
    },
    segment(uri, segment, bytes, answer) {
      const history = historyOf(all, uri);
      const where = keyOf({ ...segment, uri: resolve(segment.uri, uri) });
      answered(where, answer, "segment");
      bytesOf(where, bytes, answer);
      const file = readMedia(bytes, initOf(uri, segment.map));
      if (segment.encryption === null) {
        judge({ kind: "segment", where, segment, file, history }, answer.receivedAt);
        history.media.set(segment.number, file);
      }
      history.sizes.set(segment.number, bytes.length);
      prune(history.media, MAX_MEDIA);
      prune(history.sizes, MAX_MEDIA);
      history.mediaOfParts.delete(segment.number);
      prune(history.mediaOfParts, MAX_MEDIA);
      return file;
    },
    part(uri, { number, index, part }, bytes, answer) {
      const history = historyOf(all, uri);
      const where = keyOf({ ...part, uri: resolve(part.uri, uri) });
      answered(where, answer, "part");
      bytesOf(where, bytes, answer);
      const listed = history.latest?.playlist;
      const map = listed?.segments.find((segment) => segment.number === number)?.map ?? listed?.edge.map ?? null;
      const file = readMedia(bytes, initOf(uri, map));
      judge({ kind: "part", where, part, number, index, file, history }, answer.receivedAt);
      const known = history.mediaOfParts.get(number) ?? [];
      if (!known.some((each) => each.index === index)) history.mediaOfParts.set(number, [...known, { index, file }]);
      return file;
    },
    removed: (uri, now) => historyOf(all, uri).removed.filter(({ until }) => until > now),
    removedAnswer(uri, segment, answer) {
      const where = keyOf({ ...segment, uri: resolve(segment.uri, uri) });
      judge({ kind: "removed", where, answer }, answer.receivedAt);
    },
    mpd(uri, text, answer) {
      answered(uri, answer, "manifest");
      const mpd = readMpd(text, uri);
      if (typeof mpd === "string") {
        const nothing = { isDynamic: false, profiles: "", availabilityStartTime: null, publishTime: null };
        const durations = { minimumUpdatePeriod: null, timeShiftBufferDepth: null, maxSegmentDuration: null };
        const rest = {
          minBufferTime: null,
          mediaPresentationDuration: null,
          utcTimings: [],
          hasLatency: false,
          periods: [],
        };
        const empty: Mpd = { ...nothing, ...durations, ...rest, problems: [`It can't be read: ${mpd}`] };
        judge({ kind: "mpd", where: uri, mpd: empty, text, answer, history: all.mpd }, answer.receivedAt);
        return null;
      }
      judge({ kind: "mpd", where: uri, mpd, text, answer, history: all.mpd }, answer.receivedAt);
      all.mpd = rememberMpd(uri, mpd, text, all.mpd, memory);
      return mpd;
    },
    mpdInit(representation, bytes, answer) {
      const where = representation.template?.initialization ?? "";
      answered(where, answer, "init");
      bytesOf(where, bytes, answer);
      const init = readInit(bytes);
      if (init !== null) all.inits.set(where, init);
      prune(all.inits, MAX_MEDIA);
      judge({ kind: "mpd-init", where, init, representation }, answer.receivedAt);
    },
    mpdSegment(representation, segment, bytes, answer) {
      const where = segment.uri;
      answered(where, answer, "segment");
      bytesOf(where, bytes, answer);
      const file = readMedia(bytes, all.inits.get(representation.template?.initialization ?? "") ?? null);
      judge({ kind: "mpd-segment", where, segment, representation, file }, answer.receivedAt);
      return file;
    },
    clock(uri, offMs, tripMs) {
      judge(
        { kind: "clock", where: uri, offMs, tripMs },
        all.mpd?.latest.publishTime ? ms(all.mpd.latest.publishTime) : ms(0),
      );
    },
    failure: (uri, resource, answer) => answered(uri, answer, resource),
    probe(uri, what, wanted, answer) {
      judge({ kind: "probe", where: uri, what, wanted, answer }, answer.receivedAt);
      answered(uri, answer, "probe");
    },
    leave(uri, answer) {
      judge({ kind: "silence", where: uri, history: historyOf(all, uri), answer }, answer.receivedAt);
    },
  };
}

/** Without scheme and host: one presentation has one, nearly always. */
function shortened(where: string): string {
  return where.replace(/^https?:\/\/[^/]*/, "");
}
