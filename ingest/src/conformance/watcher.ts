/**
 * Looks at our own output as clients would, for each broadcast while it lives: the playlists of its newest view, and the bytes of what
 * they list. In the same thread as everything else, so seldom enough to cost little.
 */
import { ms } from "../bytes/units.ts";
import { renderMpd } from "../packager/dash-mpd.ts";
import { initName } from "../packager/hls-lines.ts";
import { type MediaPlaylistOptions, renderMediaPlaylist } from "../packager/hls-media.ts";
import { renderMultivariantPlaylist } from "../packager/hls-multivariant.ts";
import type { BroadcastView, RenditionView } from "../packager/view.ts";
import type { SegmentWindow } from "../packager/window.ts";
import { makeInspector } from "./inspector.ts";
import { type Answer, partsOf } from "./presentation.ts";
import type { Violation } from "./rule.ts";
import { makeVerdictBook, type Verdict } from "./verdict.ts";

export interface WatcherOptions {
  readonly window: SegmentWindow;
  /** Equal for equal bytes only. */
  readonly digest: (bytes: Uint8Array) => string;
  readonly onViolation?: (violation: Violation) => void;
  /** Looks at every view, whatever that costs: for tests. */
  readonly isEager?: boolean;
}

export interface Watcher {
  /** The window has changed. Cheap where no segment is new, or the last look was a moment ago. */
  changed(): void;
  readonly verdict: Verdict;
  /** How many segments, parts and digests it remembers. */
  readonly remembered: number;
}

/** Of a rendition. */
interface Seen {
  segment: number;
  part: number;
  readonly epochs: Set<number>;
  /** A segment was new since the last look: how long it was the newest is not known. */
  isStale: boolean;
}

/** Segments come once in two seconds or so, in each rendition: this takes them together. */
const LEAST_MS = 500;
/** Of each playlist, beyond what it lists. A segment that leaves it is asked for once more, and never comes back. */
const MEMORY = 64;
/** Manifests and delta updates are looked at once in so many looks: what they can do wrong lasts. */
const RARELY = 4;
const BASE = "http://self/live/self/";

export function makeWatcher({ window, digest, onViolation, isEager = false }: WatcherOptions): Watcher {
  const book = makeVerdictBook();
  const inspector = makeInspector({
    digest,
    memory: MEMORY,
    onViolation(violation) {
      const seen = { ...violation, where: violation.where.replace("/live/self/", "") };
      book.add(seen);
      onViolation?.(seen);
    },
  });
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastSegments = "";
  let looks = 0;
  /** What was looked at already, by rendition. */
  const newest = new Map<string, Seen>();

  function look(whole: BroadcastView): void {
    // What is in memory: hours of rewinding would cost milliseconds for lines that have been looked at.
    const view = isEager ? whole : { ...whole, renditions: whole.renditions.map((each) => ({ ...each, past: null })) };
    const at = view.changedAt;
    const isThorough = isEager || view.hasEnded || looks++ % RARELY === 0;
    const answer: Answer = { status: 200, headers: null, sentAt: at, receivedAt: at };
    // Before the segments: a new initialization segment is judged by what is said of it now.
    inspector.multivariant(
      `${BASE}master.m3u8`,
      renderMultivariantPlaylist(view, (name) => `${name}/index.m3u8`),
      answer,
    );
    for (const rendition of view.renditions) lookAt(view, rendition, answer, isThorough);
    if (!isThorough) return;
    const mpd = renderMpd(view, { timeUri: "/live/time", baseOf: (name) => `${name}/` });
    inspector.mpd(`${BASE}manifest.mpd`, mpd, answer);
  }

  function lookAt(view: BroadcastView, rendition: RenditionView, answer: Answer, isThorough: boolean): void {
    const { name } = rendition;
    const uri = `${BASE}${name}/index.m3u8`;
    const render = (options?: MediaPlaylistOptions): string => renderMediaPlaylist(view, rendition, options);
    const seen = newest.get(name) ?? { segment: -1, part: -1, epochs: new Set<number>(), isStale: true };
    newest.set(name, seen);
    if (!seen.isStale) inspector.quiet(uri, ms(answer.sentAt - 1));
    seen.isStale = false;
    const text = render();
    const playlist = inspector.reload(uri, text, answer);
    const delta = isThorough ? render({ skip: true }) : text;
    if (delta !== text) inspector.delta(uri, delta, text);
    const growing = rendition.growing === null ? [] : [rendition.growing];
    for (const { epoch } of [...rendition.segments, ...growing]) {
      const init = window.init(name, epoch.number);
      if (init === null || seen.epochs.has(epoch.number)) continue;
      seen.epochs.add(epoch.number);
      inspector.init(uri, { uri: initName(epoch.number), range: null }, init.init, answer);
    }
    for (const place of partsOf(playlist)) {
      const index = Number(/-(\d+)\.m4s$/.exec(place.part.uri)?.[1] ?? -1);
      const part = window.part(name, index);
      if (index <= seen.part) continue;
      seen.part = index;
      if (part === null) inspector.failure(new URL(place.part.uri, uri).href, "part", { ...answer, status: 404 });
      else inspector.part(uri, place, part.bytes, answer);
    }
    for (const segment of playlist.segments) {
      if (segment.number <= seen.segment) continue;
      seen.segment = segment.number;
      if (segment.isGap) continue;
      const found = window.segment(name, segment.number);
      if (found === null && window.past(name, segment.number) !== null) continue;
      if (found === null) inspector.failure(new URL(segment.uri, uri).href, "segment", { ...answer, status: 404 });
      else inspector.segment(uri, segment, found.bytes, answer);
    }
    for (const { segment } of inspector.removed(uri, answer.receivedAt)) {
      if (window.segment(name, segment.number) === null && window.past(name, segment.number) === null)
        inspector.removedAnswer(uri, segment, { ...answer, status: 404 });
    }
  }

  return {
    changed() {
      const { view } = window;
      if (view === null) return;
      const segments = view.renditions.map((each) => each.segments.at(-1)?.number).join();
      const isDue = view.hasEnded || isEager;
      if (!isDue && segments === lastSegments) return;
      if (!isDue && view.changedAt - lastAt < LEAST_MS) {
        for (const { name, segments: listed } of view.renditions) {
          const seen = newest.get(name);
          if (seen !== undefined && listed.at(-1)?.number !== seen.segment) seen.isStale = true;
        }
        return;
      }
      lastSegments = segments;
      lastAt = view.changedAt;
      look(view);
    },
    get verdict() {
      return book.verdict;
    },
    get remembered() {
      return inspector.remembered;
    },
  };
}
