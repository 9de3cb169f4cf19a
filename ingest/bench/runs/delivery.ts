/** What viewers cost: whole segments as fast as they are read, beside nginx with the same bytes; and low-latency players of one broadcast. */
import { startGenerator } from "../load/generator.ts";
import { type HttpClient, openHttpClient } from "../load/http-client.ts";
import { cpuSeconds } from "../measure/process-tree.ts";
import { median, percentile } from "../measure/statistics.ts";
import { ensureSource } from "../media/source.ts";
import { startNginxFiles } from "../servers/nginx-files.ts";
import { startWithLatency } from "../servers/ours.ts";
import { LOOPBACK, type RunningServer } from "../servers/server.ts";

export interface Throughput {
  readonly server: string;
  readonly gbitPerSecond: number;
  readonly cpuPerGbit: number;
}

export interface HeldResult {
  readonly players: number;
  readonly parts: number;
  /** Of one core. */
  readonly cpu: number;
  readonly gbitPerSecond: number;
  /** Milliseconds from a part's first answer until the last player has it, playlist and part. */
  readonly spreadP50: number;
  readonly spreadP99: number;
  readonly rendersPerPart: number;
}

const STREAM = "bench-0";
const GBIT = 1e9 / 8;

async function publishTo(server: RunningServer, videoKbps: number): Promise<() => Promise<void>> {
  const source = await ensureSource({ seconds: 20, videoKbps });
  const common = { target: server.target, source, chunkSize: 4096, prefix: "bench-" };
  const generator = startGenerator({ ...common, kind: "paced", publishers: 1, tickMs: 5 });
  await generator.until("started");
  return () => generator.stop();
}

const originOf = (server: RunningServer): URL => new URL(server.playbackUrl!(STREAM));

/** The media playlist of the picture, once it has so many whole segments. */
async function playlist(server: RunningServer, segments: number): Promise<string> {
  const url = new URL("video/index.m3u8", originOf(server));
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(url);
    const text = answer.ok ? await answer.text() : "";
    if ((text.match(/^\d+\.m4s$/gm)?.length ?? 0) >= segments) return text;
    await Bun.sleep(200);
  }
  throw new Error("The broadcast has no segments after 20 s.");
}

/** `connections` ask for it again and again for so long. */
async function pull(port: number, path: string, connections: number, seconds: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: connections }, () => openHttpClient(LOOPBACK, port)));
  const until = performance.now() + seconds * 1000;
  let bytes = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        const got = await client.get(path);
        bytes += got;
      }
      client.close();
    }),
  );
  return bytes;
}

async function measure(server: string, pid: number, port: number, path: string, connections: number, seconds: number) {
  await pull(port, path, connections, 0.3);
  const [cpu, at] = [cpuSeconds(pid), performance.now()];
  const bytes = await pull(port, path, connections, seconds);
  const elapsed = (performance.now() - at) / 1000;
  return { server, gbitPerSecond: bytes / GBIT / elapsed, cpuPerGbit: (cpuSeconds(pid) - cpu) / (bytes / GBIT) };
}

/** A cached segment of ours and a file of nginx, the same bytes, by turns; medians of `rounds`. */
export async function runThroughput(connections: number, seconds: number, rounds: number): Promise<Throughput[]> {
  const ours = await startWithLatency("standard");
  const stop = await publishTo(ours, 2400);
  const nginx = await startNginxFiles();
  try {
    const runs: Throughput[] = [];
    for (let round = 0; round < rounds; round++) {
      const name = (await playlist(ours, 2)).match(/^\d+\.m4s$/gm)!.at(-1)!;
      const url = new URL(`video/${name}`, originOf(ours));
      await Bun.write(`${nginx.folder}/${name}`, await (await fetch(url)).arrayBuffer());
      const turns = [
        () => measure("ours", ours.pid, Number(url.port), url.pathname, connections, seconds),
        () => measure("nginx", nginx.pid, nginx.port, `/${name}`, connections, seconds),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) runs.push(await turn());
    }
    return ["ours", "nginx"].map((server) => {
      const own = runs.filter((run) => run.server === server);
      return {
        server,
        gbitPerSecond: median(own.map((run) => run.gbitPerSecond)),
        cpuPerGbit: median(own.map((run) => run.cpuPerGbit)),
      };
    });
  } finally {
    await stop();
    await nginx.stop();
    await ours.stop();
  }
}

async function renders(server: RunningServer): Promise<number> {
  const text = await (await fetch(server.metricsUrl!)).text();
  let sum = 0;
  for (const [, value] of text.matchAll(/^streamhub_delivery_renders_total(?:\{[^}]*\})? (\S+)$/gm))
    sum += Number(value);
  return sum;
}

/** Players at the live edge of one broadcast: each holds a blocking reload for every part, then takes the part. */
export async function runHeld(players: number, seconds: number, videoKbps: number): Promise<HeldResult> {
  const server = await startWithLatency("balanced");
  const stop = await publishTo(server, videoKbps);
  const clients: HttpClient[] = [];
  try {
    await playlist(server, 2);
    const base = originOf(server);
    const port = Number(base.port);
    for (let index = 0; index < players; index++) clients.push(await openHttpClient(LOOPBACK, port));
    const spreads: number[] = [];
    let bytes = 0;
    const from = { at: performance.now(), cpu: cpuSeconds(server.pid), renders: await renders(server) };
    let next = following(await playlist(server, 2));
    while (performance.now() - from.at < seconds * 1000) {
      const reload = `/live/${STREAM}/video/index.m3u8?_HLS_msn=${next.segment}&_HLS_part=${next.part}&_HLS_skip=YES`;
      let first = 0;
      await Promise.all(
        clients.map(async (client) => {
          const shown = await client.get(reload);
          if (first === 0) first = performance.now();
          const part = await client.get(`/live/${STREAM}/video/${next.uri}`);
          bytes += shown + part;
        }),
      );
      spreads.push(performance.now() - first);
      next = following(await (await fetch(new URL("video/index.m3u8", base))).text());
    }
    const elapsed = (performance.now() - from.at) / 1000;
    return {
      players,
      parts: spreads.length,
      cpu: (cpuSeconds(server.pid) - from.cpu) / elapsed,
      gbitPerSecond: bytes / GBIT / elapsed,
      spreadP50: percentile(spreads, 50),
      spreadP99: percentile(spreads, 99),
      rendersPerPart: ((await renders(server)) - from.renders) / spreads.length,
    };
  } finally {
    for (const client of clients) client.close();
    await stop();
    await server.stop();
  }
}

/** The part that comes next: its place in the playlist, and its name from the hint. */
function following(text: string): { readonly segment: number; readonly part: number; readonly uri: string } {
  const first = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(text)![1]);
  const [whole, growing = ""] = text.split(/(?<=\n\d+\.m4s\n)(?![\s\S]*\n\d+\.m4s\n)/);
  return {
    segment: first + (whole!.match(/^\d+\.m4s$/gm)?.length ?? 0),
    part: growing.match(/^#EXT-X-PART:/gm)?.length ?? 0,
    uri: /^#EXT-X-PRELOAD-HINT:.*URI="([^"]+)"/m.exec(text)![1]!,
  };
}
