/** N players of RTMP or HTTP-FLV that decode nothing: when media come, how evenly, and how late. */
import { readVideoHeader } from "../../src/flv/video.ts";
import { findClock, readClockMessage } from "../media/clock.ts";
import type { FlvTag } from "../media/flv-file.ts";
import { makeFlvReader } from "../media/flv-stream.ts";
import type { Address } from "../tool/address.ts";
import { type Load, reportStages } from "./publishers.ts";
import type { Reporter } from "./reporter.ts";
import { RtmpClient } from "./rtmp-client.ts";

interface CommonTask {
  readonly kind: "players";
  readonly startAt: readonly number[];
  readonly timeoutMs: number;
  /** A pause without media longer than this is a gap. */
  readonly gapMs: number;
}

export type PlayersTask = CommonTask &
  ({ readonly addresses: readonly Address[] } | { readonly urls: readonly string[]; readonly insecure: boolean });

/** What comes at once when a player joins (the GOP in progress) was sent before: it says nothing about delay and evenness. */
const SETTLE_MS = 1_000;
/** How far into a video body the clock may stand. */
const CLOCK_WITHIN = 1_024;
const CHUNK_SIZE = 4_096;

/** One player's eyes: the same for both protocols. */
class Watch {
  private readonly startedAt = performance.now();
  private firstAt = Number.NaN;
  private hasKeyframe = false;
  private lastAt = Number.NaN;
  private lastVideo = { at: Number.NaN, timestamp: 0 };

  constructor(
    private readonly reporter: Reporter,
    private readonly gapMs: number,
  ) {}

  get hasBegun(): boolean {
    return !Number.isNaN(this.firstAt);
  }

  onTag({ kind, timestamp, body }: FlvTag): void {
    const now = performance.now();
    const { reporter } = this;
    if (kind === "script") {
      const time = readClockMessage(body);
      if (time !== null && now - this.firstAt > SETTLE_MS) reporter.observe("message_delay_ms", Date.now() - time);
      return;
    }
    if (!this.hasBegun) {
      this.firstAt = now;
      reporter.count("joined");
      reporter.observe("join_ms", now - this.startedAt);
    }
    const isSettled = now - this.firstAt > SETTLE_MS;
    if (isSettled && now - this.lastAt > this.gapMs) {
      reporter.count("gaps");
      reporter.observe("gap_ms", now - this.lastAt);
    }
    this.lastAt = now;
    if (kind === "video") this.onVideo(timestamp, body, now, isSettled);
  }

  private onVideo(timestamp: number, body: Uint8Array, now: number, isSettled: boolean): void {
    const header = readVideoHeader(body);
    if (header === null || header.packet !== "frame") return;
    const { reporter, lastVideo } = this;
    reporter.count("frames");
    if (!this.hasKeyframe) {
      if (!header.isKeyframe) {
        reporter.count("undecodable");
        return;
      }
      this.hasKeyframe = true;
      reporter.observe("keyframe_ms", now - this.startedAt);
    }
    if (isSettled) {
      const clock = findClock(body, 0, Math.min(body.length, CLOCK_WITHIN));
      if (clock !== null) reporter.observe("delay_ms", Date.now() - clock.time);
      // RFC 3550 §6.4.1's D: how far two frames came apart from each other, against their timestamps.
      if (!Number.isNaN(lastVideo.at))
        reporter.observe("jitter_ms", Math.abs(now - lastVideo.at - (timestamp - lastVideo.timestamp)));
      if (timestamp < lastVideo.timestamp) reporter.count("backwards");
    }
    lastVideo.at = now;
    lastVideo.timestamp = timestamp;
  }
}

interface Player {
  close(): void;
}

export function startPlayers(task: PlayersTask, reporter: Reporter): Load {
  const { startAt, timeoutMs, gapMs } = task;
  const players = new Set<Player>();
  const timers: Timer[] = [];
  let isStopped = false;

  function lost(player: Player, watch: Watch, reason: string): void {
    if (isStopped) return;
    players.delete(player);
    reporter.reason(reason);
    reporter.count(watch.hasBegun ? "disconnects" : "failed");
  }

  /** A player that is let in and gets nothing has not joined. */
  function bound(player: Player, watch: Watch): void {
    timers.push(
      setTimeout(() => {
        if (watch.hasBegun || !players.has(player)) return;
        lost(player, watch, `no media came within ${timeoutMs / 1_000} s`);
        player.close();
      }, timeoutMs),
    );
  }

  async function playRtmp({ target, name }: Address): Promise<void> {
    const watch = new Watch(reporter, gapMs);
    const begun = Promise.withResolvers<void>();
    const client = new RtmpClient({
      target,
      name,
      mode: "play",
      chunkSize: CHUNK_SIZE,
      timeoutMs,
      onBytes: (bytes) => reporter.count("bytes", bytes.length),
      onMedia(event) {
        watch.onTag({ kind: event.kind, timestamp: event.timestamp, body: event.payload });
        if (watch.hasBegun) begun.resolve();
      },
      onClosed(reason) {
        lost(player, watch, reason);
        begun.resolve();
      },
    });
    const player: Player = {
      close() {
        client.close();
        begun.resolve();
      },
    };
    players.add(player);
    bound(player, watch);
    try {
      await client.start();
    } catch {
      return;
    }
    reportStages(reporter, client, "play_ms");
    await begun.promise;
  }

  async function playFlv(url: string, insecure: boolean): Promise<void> {
    const watch = new Watch(reporter, gapMs);
    const control = new AbortController();
    const begun = Promise.withResolvers<void>();
    const player: Player = {
      close() {
        control.abort();
        begun.resolve();
      },
    };
    players.add(player);
    bound(player, watch);
    const follow = async () => {
      const response = await fetch(url, {
        signal: control.signal,
        redirect: "error",
        headers: { "user-agent": "StreamHub-bench" },
        ...(insecure ? { tls: { rejectUnauthorized: false } } : {}),
      });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      const reader = makeFlvReader((tag) => {
        watch.onTag(tag);
        if (watch.hasBegun) begun.resolve();
      });
      for await (const bytes of response.body ?? []) {
        reporter.count("bytes", bytes.length);
        reader.push(bytes);
      }
      throw new Error("closed the connection in mid-stream");
    };
    follow().catch((error: Error & { code?: string }) => {
      const isRefused = /^(ConnectionRefused|ECONNREFUSED)$/.test(error.code ?? "");
      if (players.has(player)) lost(player, watch, isRefused ? "nothing listens there" : error.message);
      begun.resolve();
    });
    await begun.promise;
  }

  const starts =
    "urls" in task
      ? task.urls.map((url) => () => playFlv(url, task.insecure))
      : task.addresses.map((address) => () => playRtmp(address));
  const begun = starts.map((start, index) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.push(setTimeout(() => void start().finally(resolve), (startAt[index] ?? 0) * 1_000));
    return promise;
  });
  return {
    ready: Promise.all(begun).then(() => {}),
    tell: () => reporter.gauge("live", players.size),
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const player of players) player.close();
    },
  };
}
