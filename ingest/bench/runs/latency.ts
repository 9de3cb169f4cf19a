/** Glass to glass: a clock is drawn, encoded, published, packaged, fetched, decoded by Chromium, and read from the picture. */
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { FIELD, PICTURE, ROW_HEIGHT } from "../latency/clock-picture.ts";
import { startClockPublisher } from "../latency/publisher.ts";
import { percentile } from "../measure/statistics.ts";
import { LOOPBACK } from "../servers/server.ts";
import { pause } from "../viewers/viewer.ts";

export interface Way {
  readonly name: string;
  readonly profile: "ultra" | "balanced" | "standard";
  readonly player: "hls" | "dash" | "frames";
  /** Milliseconds that the median must stay below. */
  readonly mark: number;
}

export const WAYS: readonly Way[] = [
  { name: "ll-hls-ultra", profile: "ultra", player: "hls", mark: 1_000 },
  { name: "ll-hls-balanced", profile: "balanced", player: "hls", mark: 1_900 },
  { name: "hls-standard", profile: "standard", player: "hls", mark: 5_000 },
  { name: "ll-dash", profile: "balanced", player: "dash", mark: 2_500 },
  { name: "frames", profile: "ultra", player: "frames", mark: 600 },
];

export interface LatencyResult {
  readonly way: string;
  readonly pictures: number;
  readonly unread: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly join: number | null;
  readonly stalls: number;
  /** Of the time since the first picture. */
  readonly stallRatio: number;
  /** Pictures that the source drew too late. */
  readonly sourceLate: number;
  readonly errors: readonly string[];
}

/** The server that the picture passes: its origin for players, where encoders publish, and the channel's public name. */
export interface Route {
  readonly origin: string;
  readonly publishUrl: string;
  readonly slug: string;
  /** Instead of what our server has at `origin` for `slug`: any playlist, manifest or WebSocket of frames. */
  readonly playUrl?: string;
}

const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  // Servers that give other sites no access are measured all the same.
  "--disable-web-security",
];
const WEB = join(import.meta.dir, "..", "..", "..", "web");
/** Players need a moment to find their place; it is not measured. */
const WARM_UP_MS = 10_000;
const GOP_SECONDS = 2;

export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: CHROMIUM_ARGUMENTS });

async function servePage(): Promise<ReturnType<typeof Bun.serve>> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "..", "latency", "page.ts")],
    target: "browser",
  });
  const script = await built.outputs[0]!.text();
  const library = (path: string) => Bun.file(join(WEB, "node_modules", path));
  const html = `<!doctype html><title>clock</title><video width="640" height="360" muted></video>
<script src="hls.js"></script><script src="dash.js"></script><script type="module" src="page.js"></script>`;
  const js = { headers: { "content-type": "text/javascript" } };
  return Bun.serve({
    hostname: LOOPBACK,
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/hls.js") return new Response(library("hls.js/dist/hls.min.js"), js);
      if (pathname === "/dash.js") return new Response(library("dashjs/dist/modern/umd/dash.all.min.js"), js);
      if (pathname === "/page.js") return new Response(script, js);
      return new Response(html, { headers: { "content-type": "text/html" } });
    },
  });
}

function mediaUrl({ origin, slug, playUrl }: Route, player: Way["player"]): string {
  if (playUrl !== undefined) return playUrl;
  if (player === "hls") return `${origin}/live/${slug}/master.m3u8`;
  if (player === "dash") return `${origin}/live/${slug}/manifest.mpd`;
  return `${origin.replace(/^http/, "ws")}/live/${slug}/ws`;
}

async function untilLive({ origin, slug, playUrl }: Route, since: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + 20_000;
  const url = (playUrl ?? `${origin}/live/${slug}/master.m3u8`).replace(/^ws/, "http");
  while (Date.now() < deadline && signal?.aborted !== true) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) }).catch(() => null);
    void answer?.body?.cancel();
    // A WebSocket's address refuses plain requests.
    if (answer !== null && (answer.ok || (playUrl?.startsWith("ws") && answer.status !== 404))) break;
    await Bun.sleep(100);
  }
  if (playUrl !== undefined) return;
  // A broadcast that this encoder goes on with has been open since before: what counts is media of its own.
  while (Date.now() < deadline && signal?.aborted !== true) {
    const answer = await fetch(`${origin}/live/${slug}/video/index.m3u8`, {
      signal: AbortSignal.timeout(15_000),
    }).catch(() => null);
    const dates = (await answer?.text())?.match(/(?<=^#EXT-X-PROGRAM-DATE-TIME:).*/gm) ?? [];
    // And so much of it that every player's place lies in it, and not in the time before.
    if (Date.parse(dates.at(-1) ?? "") > since) return pause(2 * GOP_SECONDS * 1_000, signal);
    await Bun.sleep(100);
  }
  if (signal?.aborted !== true) throw new Error(`Nothing could be played 20 s after the encoder had started.`);
}

export interface LatencyWatch {
  readonly signal?: AbortSignal;
  /** Each second: the pictures' ages in milliseconds, and how often it stood still. */
  readonly onSecond?: (latencies: readonly number[], stalls: number) => void;
}

/** One viewer for `seconds`. */
export async function runLatency(
  browser: Browser,
  way: Way,
  route: Route,
  seconds: number,
  { signal, onSecond = () => {} }: LatencyWatch = {},
): Promise<LatencyResult> {
  const page = await servePage();
  const publisher = startClockPublisher(route.publishUrl, GOP_SECONDS);
  const context = await browser.newContext();
  try {
    await untilLive(route, publisher.zero, signal);
    const tab = await context.newPage();
    const broken: string[] = [];
    tab.on("pageerror", (error) => broken.push(String(error)));
    const query = new URLSearchParams({
      player: way.player,
      url: mediaUrl(route, way.player),
      zero: String(publisher.zero),
      width: String(PICTURE.width),
      row: String(ROW_HEIGHT),
      field: String(FIELD),
      fields: String(Math.round(PICTURE.width / FIELD)),
    });
    await tab.goto(`http://${LOOPBACK}:${page.port}/?${query}`);
    await pause(WARM_UP_MS, signal);
    const take = () =>
      tab.evaluate(() => {
        const { result } = globalThis as unknown as { result: Record<string, never> };
        const taken = JSON.parse(JSON.stringify(result));
        Object.assign(result, { latencies: [], unread: 0, stalled: 0, stalls: 0 });
        return taken;
      });
    const { join: joined, errors: early } = await take();
    const from = Date.now();
    const values: number[] = [];
    const errors: string[] = [];
    let [unread, stalled, stalls] = [0, 0, 0];
    while (Date.now() - from < seconds * 1_000 && signal?.aborted !== true) {
      await pause(Math.min(1_000, seconds * 1_000 - (Date.now() - from)), signal);
      const taken = await take();
      values.push(...(taken.latencies as number[]));
      errors.push(...(taken.errors as string[]));
      unread += taken.unread;
      stalled += taken.stalled;
      stalls += taken.stalls;
      onSecond(taken.latencies, taken.stalls);
    }
    return {
      way: way.name,
      pictures: values.length,
      unread,
      p50: percentile(values, 50),
      p95: percentile(values, 95),
      p99: percentile(values, 99),
      join: joined,
      stalls,
      stallRatio: stalled / (Date.now() - from),
      sourceLate: publisher.late(),
      errors: [...new Set([...broken, ...early, ...errors])] as string[],
    };
  } finally {
    await context.close();
    await publisher.stop();
    void page.stop(true);
  }
}
