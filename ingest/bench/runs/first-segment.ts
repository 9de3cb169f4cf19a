/** Publish to the first playable segment: how long until a player that polls finds media in the playlist and can fetch it. */
import { progress } from "../cli/report.ts";
import { type PacedLoad, startPaced } from "../load/paced.ts";
import { ensureSource } from "../media/source.ts";
import { loadTimeline } from "../media/timeline.ts";
import type { RunningServer, ServerKind } from "../servers/server.ts";

export interface FirstSegmentResult {
  readonly server: string;
  /** Milliseconds from Publish.Start to a fetched segment, and to the first part where there are parts. */
  readonly segmentMs: number;
  readonly partMs: number | null;
}

const POLL_MS = 10;
const GIVE_UP_MS = 20_000;

async function text(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

/** The media playlist: the multivariant one's first, or the URL itself. */
async function mediaPlaylist(url: string): Promise<{ url: string; body: string } | null> {
  const body = await text(url);
  if (body === null) return null;
  if (!body.includes("#EXT-X-STREAM-INF")) return { url, body };
  const uri = body.split("\n").find((line) => line !== "" && !line.startsWith("#"));
  if (uri === undefined) return null;
  const inner = new URL(uri, url).href;
  const media = await text(inner);
  return media === null ? null : { url: inner, body: media };
}

async function isFetched(base: string, uri: string): Promise<boolean> {
  const response = await fetch(new URL(uri, base));
  return response.ok && (await response.arrayBuffer()).byteLength > 0;
}

async function watch(server: RunningServer, name: string, start: number): Promise<FirstSegmentResult> {
  const master = server.playbackUrl?.(name);
  if (master === undefined) throw new Error(`${server.name} does not package.`);
  let partMs: number | null = null;
  while (performance.now() - start < GIVE_UP_MS) {
    const playlist = await mediaPlaylist(master);
    if (playlist !== null) {
      const { url, body } = playlist;
      const part = /#EXT-X-PART:.*URI="([^"]+)"/.exec(body)?.[1];
      if (partMs === null && part !== undefined && (await isFetched(url, part))) partMs = performance.now() - start;
      const segment = /#EXTINF:[^\n]*\n(?:#[^\n]*\n)*([^#\n]+)/.exec(body)?.[1];
      if (segment !== undefined && (await isFetched(url, segment)))
        return { server: server.name, segmentMs: performance.now() - start, partMs };
    }
    await Bun.sleep(POLL_MS);
  }
  throw new Error(`${server.name} had no segment ${GIVE_UP_MS / 1_000} s after publish.`);
}

export async function runFirstSegment(kind: ServerKind, attempts: number): Promise<FirstSegmentResult[]> {
  const chunkSize = 4096;
  const timeline = await loadTimeline(await ensureSource(), chunkSize);
  const server = await kind.start();
  const results: FirstSegmentResult[] = [];
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      let load: PacedLoad | null = null;
      const prefix = `first-${attempt}-`;
      try {
        const common = { target: server.target, timeline, chunkSize, prefix, tickMs: 5, onClosed: () => {} };
        load = await startPaced({ ...common, publishers: 1 });
        const result = await watch(server, `${prefix}0`, performance.now());
        progress(`${kind.name}: first segment after ${result.segmentMs.toFixed(0)} ms`);
        results.push(result);
      } finally {
        load?.stop();
      }
      await Bun.sleep(500);
    }
    return results;
  } finally {
    await server.stop();
  }
}
