/** Bad input against our server while a good publisher and a good player go on. */
import { progress } from "../cli/report.ts";
import { startPaced } from "../load/paced.ts";
import { runRawPeers } from "../load/raw-peers.ts";
import { RtmpClient } from "../load/rtmp-client.ts";
import { pssBytes } from "../measure/process-tree.ts";
import { ensureSource } from "../media/source.ts";
import { loadTimeline } from "../media/timeline.ts";
import type { RunningServer, ServerKind } from "../servers/server.ts";
import { type HostileCase, hostileCases } from "./hostile-cases.ts";

export interface HostileResult {
  readonly name: string;
  readonly connections: number;
  readonly closed: number;
  readonly slowestMs: number;
  /** Counted by the server under the reason that belongs to the case. */
  readonly reason: string;
  readonly counted: number;
  readonly beforeMb: number;
  readonly peakMb: number;
  readonly afterMb: number;
  /** Messages that the good player got meanwhile, and the longest pause between two. */
  readonly played: number;
  readonly longestPauseMs: number;
  readonly failures: readonly string[];
}

const MB = 1024 * 1024;
const MAX_CLOSE_MS = 10_000;
const MAX_GROWTH_MB = 5;
/** Longer than anything a busy machine does to a live picture that is served. */
const MAX_PAUSE_MS = 2_000;
const AFTERMATH_MS = 1_000;
/** Memory may take this long to come back: collectors run when they think it right. */
const SETTLE_MS = 20_000;

async function closedCount(server: RunningServer, reason: string): Promise<number> {
  const text = await (await fetch(server.metricsUrl!)).text();
  const line = text
    .split("\n")
    .find((each) => each.startsWith("streamhub_ingest_connections_closed_total") && each.includes(`"${reason}"`));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** What the good player saw since the last look. */
interface Watch {
  messages: number;
  last: number;
  pause: number;
}

function takeWatch(watch: Watch): { played: number; longestPauseMs: number } {
  const longestPauseMs = Math.max(watch.pause, performance.now() - watch.last);
  const taken = { played: watch.messages, longestPauseMs };
  watch.messages = 0;
  watch.pause = 0;
  return taken;
}

async function runCase(server: RunningServer, each: HostileCase, watch: Watch): Promise<HostileResult> {
  const beforeMb = pssBytes(server.pid) / MB;
  const countedBefore = await closedCount(server, each.reason);
  takeWatch(watch);
  let peakMb = beforeMb;
  const sampler = setInterval(() => {
    peakMb = Math.max(peakMb, pssBytes(server.pid) / MB);
  }, 100);
  const { closed, slowestMs } = await runRawPeers(server.target, each.bytes, each.connections, MAX_CLOSE_MS + 3_000);
  // Cases that are over at once are watched for a while too.
  await Bun.sleep(AFTERMATH_MS);
  clearInterval(sampler);
  const deadline = performance.now() + SETTLE_MS;
  let afterMb = pssBytes(server.pid) / MB;
  while (afterMb - beforeMb > MAX_GROWTH_MB && performance.now() < deadline) {
    await Bun.sleep(250);
    afterMb = pssBytes(server.pid) / MB;
  }
  const counted = (await closedCount(server, each.reason)) - countedBefore;
  const { played, longestPauseMs } = takeWatch(watch);
  const failures: string[] = [];
  if (closed < each.connections) failures.push(`${each.connections - closed} not closed`);
  else if (slowestMs > MAX_CLOSE_MS) failures.push("closed too late");
  if (counted < each.connections) failures.push(`${counted} counted as ${each.reason}`);
  if (afterMb - beforeMb > MAX_GROWTH_MB) failures.push("memory kept");
  if (played === 0 || longestPauseMs > MAX_PAUSE_MS) failures.push("good player starved");
  const { name, connections, reason } = each;
  progress(`${name}: ${failures.length === 0 ? "ok" : failures.join(", ")}`);
  return {
    name,
    connections,
    closed,
    slowestMs,
    reason,
    counted,
    beforeMb,
    peakMb,
    afterMb,
    played,
    longestPauseMs,
    failures,
  };
}

export async function runHostile(kind: ServerKind, connections: number): Promise<HostileResult[]> {
  const chunkSize = 4096;
  const timeline = await loadTimeline(await ensureSource(), chunkSize);
  const server = await kind.start();
  const { target } = server;
  let isPublisherLost = false;
  const onClosed = () => {
    isPublisherLost = true;
  };
  const common = { target, timeline, chunkSize, tickMs: 5, onClosed };
  const load = await startPaced({ ...common, publishers: 1, prefix: "good-" });
  const watch: Watch = { messages: 0, last: performance.now(), pause: 0 };
  const onMedia = () => {
    const now = performance.now();
    watch.pause = Math.max(watch.pause, now - watch.last);
    watch.last = now;
    watch.messages++;
  };
  const player = new RtmpClient({ target, name: "good-0", mode: "play", chunkSize, onMedia });
  try {
    await player.start();
    // Not measured: code that runs for the first time is compiled, and stays.
    for (const each of hostileCases(connections)) {
      if (!each.reason.startsWith("limit.")) await runRawPeers(target, each.bytes, each.connections, MAX_CLOSE_MS);
    }
    await Bun.sleep(3_000);
    const results: HostileResult[] = [];
    for (const each of hostileCases(connections)) results.push(await runCase(server, each, watch));
    if (isPublisherLost) throw new Error("The good publisher was disconnected.");
    return results;
  } finally {
    player.close();
    load.stop();
    await server.stop();
  }
}
