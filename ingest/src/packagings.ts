/** All packagings of a process: one starts with each broadcast and drains behind its end. */
import { Counter, Gauge, Histogram, type Registry as PromRegistry } from "prom-client";
import { makeStartPace } from "./child/start-pace.ts";
import { RULES } from "./conformance/rules/rules.ts";
import type { Delivery } from "./delivery/delivery.ts";
import type { LiveBroadcast } from "./live/broadcast.ts";
import type { Log, RemuxerChoice } from "./live/ports.ts";
import type { RegistryListener } from "./live/registry.ts";
import { NO_SPAN, traceOf } from "./live/trace.ts";
import { type Packaging, type PackagingStats, startPackaging } from "./packaging.ts";
import { makeBroadcastPictures } from "./pictures/broadcast-pictures.ts";
import type { Drawer } from "./pictures/drawer.ts";
import type { Archive } from "./recording/archive.ts";
import type { Recordings } from "./recording/recordings.ts";
import type { Ffmpeg } from "./remux/ffmpeg-probe.ts";

export interface PackagingsOptions {
  readonly ffmpeg: Ffmpeg;
  readonly remuxer: RemuxerChoice;
  readonly delivery: Delivery;
  /** Null: nothing is recorded, nor rewound beyond what is in memory. */
  readonly recordings: Recordings | null;
  /** Null: no pictures are drawn. */
  readonly pictures: { readonly drawer: Drawer; readonly onCover: CoverSink | null } | null;
  readonly metrics: PromRegistry;
  readonly log: Log;
}

/** Takes what shows a stream afterwards, as WebP. */
export type CoverSink = (streamId: number, picture: Uint8Array) => Promise<void>;

export interface Packagings extends RegistryListener {
  /** Of the stream that is live here; null when there is none. */
  statsOf(streamId: number): PackagingStats | null;
  /** Resolves when every packaging has listed its last segment. */
  stop(): Promise<void>;
}

/** Events of a packaging that an operator must see; the others are told at debug level. */
const WORTH_A_WARNING = new Set(["ladder.dropped", "remux.failed", "remux.overflow", "remux.gave-up", "remux.refused"]);

/** Seconds. */
const DELAY_BUCKETS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

/**
 * An ffmpeg takes about a tenth of a second of a processor to start. When many encoders come within seconds (after a restart, say), the
 * ones on air, the next to be let in and the database need what these starts leave: half of the processors.
 */
const STARTS_PER_SECOND = 5 * navigator.hardwareConcurrency;
const STARTS_AT_ONCE = 2 * navigator.hardwareConcurrency;

const DROP_REASONS = ["slow", "failed"] as const;

const droppedBy = ({ stats }: Packaging, why: (typeof DROP_REASONS)[number]): number =>
  stats.ladder?.dropped.filter(({ reason }) => reason === why).length ?? 0;

export function makePackagings({
  ffmpeg,
  remuxer,
  delivery,
  recordings,
  pictures,
  metrics,
  log,
}: PackagingsOptions): Packagings {
  const running = new Set<Packaging>();
  /** Covers and storyboards on their way to where they are kept. */
  const finishing = new Set<Promise<void>>();
  const byStream = new Map<number, Packaging>();
  /** What ended packagings counted. */
  const past = { epochs: 0, restarts: 0, overflows: 0, droppedTags: 0, segments: 0 };
  const pastDropped = { slow: 0, failed: 0 };
  const pace = makeStartPace({ burst: STARTS_AT_ONCE, interval: 1_000 / STARTS_PER_SECOND });
  type Count = keyof typeof past;
  const COUNTS = Object.keys(past) as Count[];

  const counter = (name: string, help: string, count: Count) =>
    new Counter({
      name,
      help,
      registers: [metrics],
      collect() {
        this.reset();
        this.inc([...running].reduce((sum, packaging) => sum + packaging.stats[count], past[count]));
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(read());
      },
    });
  counter("streamhub_ffmpeg_starts_total", "ffmpeg remuxers started", "epochs");
  counter("streamhub_ffmpeg_restarts_total", "ffmpeg remuxers started again after one died", "restarts");
  counter("streamhub_remux_overflows_total", "Times that a remuxer was too slow and media was dropped", "overflows");
  counter("streamhub_remux_dropped_tags_total", "Media messages dropped before the remuxer", "droppedTags");
  counter("streamhub_packager_segments_total", "Segments listed, over all renditions", "segments");
  new Counter({
    name: "streamhub_ladder_dropped_total",
    help: "Qualities that were left out, as this machine could not keep up with them (slow) or not encode them (failed)",
    labelNames: ["reason"],
    registers: [metrics],
    collect() {
      this.reset();
      for (const reason of DROP_REASONS) {
        const now = [...running].reduce((sum, packaging) => sum + droppedBy(packaging, reason), 0);
        this.inc({ reason }, pastDropped[reason] + now);
      }
    },
  });
  gauge("streamhub_packagings", "Broadcasts that are being packaged, or drained", () => running.size);
  gauge("streamhub_ffmpeg_starts_waiting", "Broadcasts whose ffmpeg waits for its turn to start", () => pace.waiting);
  gauge("streamhub_delivery_bytes", "Bytes of media held for viewers", () => delivery.stats.bytes);
  gauge("streamhub_delivery_held_requests", "Requests that wait for a first segment", () => delivery.stats.held);

  const delays = new Histogram({
    name: "streamhub_packager_delay_seconds",
    help: "From the arrival of a part's last frame to its place in the playlists",
    buckets: DELAY_BUCKETS,
    registers: [metrics],
  });

  const violations = new Counter({
    name: "streamhub_conformance_violations_total",
    help: "What our own playlists and segments did against the rules of HLS and DASH, by rule",
    labelNames: ["rule"],
    registers: [metrics],
  });
  // There from the start: an increase of what was not there is none.
  for (const { name: rule } of RULES) violations.inc({ rule }, 0);

  function picturesOf({ slug, streamId, startedAt, dvrSeconds }: LiveBroadcast, archive: Archive | null) {
    const { drawer, onCover } = pictures!;
    return makeBroadcastPictures({
      drawer,
      startedAt,
      dvrSeconds,
      store: archive,
      ...(onCover === null || streamId === null ? {} : { onCover: (picture) => onCover(streamId, picture) }),
      onFailure: (reason) =>
        log.warn({ code: "pictures.failed", slug, streamId, reason }, "No pictures can be drawn of this broadcast"),
    });
  }

  return {
    onStart(broadcast: LiveBroadcast) {
      const { slug, streamId } = broadcast;
      const violated = new Set<string>();
      const archive = recordings?.open(broadcast) ?? null;
      const recorded = archive === null ? NO_SPAN : broadcast.trace.child("recording");
      const traced = traceOf(broadcast.trace);
      const drawn = pictures === null ? null : picturesOf(broadcast, archive);
      const packaging = startPackaging({
        broadcast,
        archive,
        pictures: drawn,
        ffmpeg,
        pace,
        remuxer: broadcast.remuxer === "auto" ? remuxer : broadcast.remuxer,
        delivery,
        onDelay: (delay) => delays.observe(delay / 1000),
        onViolation({ rule, where, detail }) {
          violations.inc({ rule });
          // Once for each rule: the metric counts the others.
          if (violated.has(rule)) return;
          violated.add(rule);
          log.warn(
            { code: "conformance.violation", slug, streamId, rule, where, detail },
            "Our own output broke a rule",
          );
        },
        log: (code, details) =>
          WORTH_A_WARNING.has(code)
            ? log.warn({ code, slug, streamId, ...details, ...traced }, "Packaging had to act")
            : log.debug({ code, slug, streamId, ...details, ...traced }, "Packaging"),
      });
      running.add(packaging);
      if (streamId !== null) byStream.set(streamId, packaging);
      void packaging.done.then(() => {
        if (drawn !== null) {
          const finish = drawn.finish().finally(() => finishing.delete(finish));
          finishing.add(finish);
        }
        if (archive !== null) recordings?.close(archive);
        recorded.end();
        for (const reason of DROP_REASONS) pastDropped[reason] += droppedBy(packaging, reason);
        for (const count of COUNTS) past[count] += packaging.stats[count];
        running.delete(packaging);
        if (streamId !== null && byStream.get(streamId) === packaging) byStream.delete(streamId);
      });
    },
    statsOf: (streamId) => byStream.get(streamId)?.stats ?? null,
    // The broadcast's end reaches its packaging as its sink.
    onEnd() {},
    async stop() {
      await Promise.all([...running].map((packaging) => packaging.stop()));
      await Promise.all(finishing);
    },
  };
}
