import { cpus } from "node:os";
import { type OptionValues, option, UsageError } from "../cli/options.ts";
import type { WorkerTask } from "../load/worker.ts";
import { attachServer, checkServerOptions, SERVER_FIGURES, SERVER_OPTIONS } from "../measure/server-cost.ts";
import { readKeys, refuseStranger, shownUrl } from "../tool/address.ts";
import { COMPANION_OPTIONS, checkCompanion, startCompanion } from "../tool/companion.ts";
import { CONNECTION_OPTIONS, workersFor } from "../tool/connection-options.ts";
import { awaitFleet, share, startFleet } from "../tool/fleet.ts";
import { type ColumnTable, distribution, type FigureTable, value } from "../tool/outcome.ts";
import { watchOwnCost } from "../tool/own-cost.ts";
import type { Session } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { oneOf, secondsOf, wholeOf } from "../tool/values.ts";
import { RESOURCES } from "../viewers/requests.ts";

export const hlsOptions = {
  ...CONNECTION_OPTIONS,
  url: option(
    "url",
    "",
    "playlist (.m3u8) or manifest (.mpd); {n} is the number of each player, {key} a line of --keys",
  ),
  keys: option("keys", "", "file of names, one a line, for {key}"),
  timeout: option("timeout", "20s", "the longest that a player may take until it shows something"),
  players: option("players", 1, "how many"),
  abr: option("abr", "auto", "which rate: auto (by throughput), low or high"),
  check: option("check", true, "one player looks whether the rules of HLS and DASH are kept (--check=false: none)"),
  ...COMPANION_OPTIONS,
  ...SERVER_OPTIONS,
};

const REQUESTS: FigureTable = Object.fromEntries(
  RESOURCES.flatMap((kind) => [
    [
      `${kind}_ms`,
      distribution(
        "ms",
        kind === "blocking" ? "blocking reloads, with the time that they are held" : `${kind} requests`,
      ),
    ],
    [`requests_${kind}`, value("", `requests of kind ${kind}`)],
  ]),
);

export const HLS_FIGURES: FigureTable = {
  join_ms: distribution("ms", "from the first request to the first picture", true),
  latency_ms: distribution("ms", "how old what is shown is, by the clock in the picture or else the playlist's dates"),
  arrival_ms: distribution("ms", "age of the first picture of each piece when it has come"),
  buffer_s: distribution("s", "media ahead of the playhead"),
  stall_ms: distribution("ms", "stalls of the buffer model"),
  ...REQUESTS,
  joined: value("", "players that showed something", true),
  failed: value("", "players that did not", true),
  disconnects: value("", "players that had to give up", true),
  ended: value("", "players whose broadcast ended", true),
  seconds: value("s", "time measured"),
  mbit_per_s: value("Mbit/s", "received"),
  gbit: value("Gbit", "received in the time measured"),
  requests_per_s: value("1/s", "requests of all kinds"),
  stalls: value("", "stalls"),
  stall_percent: value("%", "of the time that was watched"),
  status_4xx: value("", "answers 400 to 499", true),
  status_5xx: value("", "answers 500 to 599", true),
  request_errors: value("", "requests without an answer", true),
  missing_media: value("", "segments and parts that were listed and did not come", true),
  skipped_segments: value("", "segments that left the playlist before they were fetched"),
  switches: value("", "changes of rate"),
  conformance_errors: value("", "violations of HLS and DASH, seen by one player", true),
  conformance_advice: value("", "pieces of advice of the same", true),
  bench_cpu: value("cores", "CPU of the players"),
  bench_cpu_busiest: value("cores", "CPU of their busiest process"),
  ...SERVER_FIGURES,
};

const COLUMNS: ColumnTable = {
  mbit_per_s: { title: "received", unit: "Mbit/s" },
  live: { title: "live", unit: "" },
  requests: { title: "requests", unit: "/s" },
  latency_p50: { title: "latency p50", unit: "ms" },
  latency_p99: { title: "latency p99", unit: "ms" },
  stalled: { title: "stalled", unit: "" },
  errors: { title: "errors", unit: "" },
  bench_cpu: { title: "bench CPU", unit: "cores" },
  server_cpu: { title: "server CPU", unit: "cores" },
  server_mb: { title: "server", unit: "MB" },
};

const MORE = `Examples:
  streamhub bench hls --url http://127.0.0.1:8000/live/SLUG/master.m3u8 --players 200
  streamhub bench hls --url http://127.0.0.1:8080/live/x/manifest.mpd --publish rtmp://127.0.0.1/live/x --players 20
Players decode nothing and never speed up: the latency is that of the place where the server lets them start, and grows with each stall.`;

export type HlsValues = OptionValues<typeof hlsOptions>;
export const hlsDefaults = Object.fromEntries(
  Object.entries(hlsOptions).map(([key, { value: fallback }]) => [key, fallback]),
) as HlsValues;

function read(values: HlsValues) {
  if (!/^https?:\/\/./i.test(values.url))
    throw new UsageError("--url says what to play: http://HOST/…/NAME.m3u8 or .mpd.");
  wholeOf("players", values.players, 1, 20_000);
  wholeOf("workers", values.workers, 0, 64);
  checkServerOptions(values);
  checkCompanion(values, values.insecure);
  return {
    duration: secondsOf("duration", values.duration, 0.5, 24 * 3_600),
    ramp: secondsOf("ramp", values.ramp, 0, 3_600),
    timeout: secondsOf("timeout", values.timeout, 0.1, 600),
    abr: oneOf("abr", values.abr, ["auto", "low", "high"] as const),
  };
}

async function urlsOf({ url, keys, players, ownServer }: HlsValues): Promise<URL[]> {
  const names = keys === "" ? null : await readKeys(keys);
  if (names === null && url.includes("{key}")) throw new UsageError("{key} in --url needs --keys FILE.");
  return Array.from({ length: players }, (_, index) => {
    const filled = url.replaceAll("{n}", String(index + 1));
    const parsed = URL.parse(names === null ? filled : filled.replaceAll("{key}", names[index % names.length]!));
    if (parsed === null) throw new UsageError("--url is not an address.");
    refuseStranger(parsed.hostname, ownServer);
    return parsed;
  });
}

export async function runHls(values: HlsValues, session: Session): Promise<void> {
  const { duration, ramp, timeout, abr } = read(values);
  const { recorder } = session;
  const urls = await urlsOf(values);
  const { hostname, port, protocol } = urls[0]!;
  const at = { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
  const server = await attachServer(values, at, session);
  const common = { isOwned: values.ownServer, insecure: values.insecure, timeoutMs: timeout * 1_000 };
  await startCompanion(values, common, session);
  if (session.stop.aborted) return;
  const entries = urls.map(({ href }, index) => ({ href, startAt: (ramp * index) / values.players }));
  const tasks = share(entries, workersFor(values.workers, values.players, cpus().length, 200)).map(
    (part, index): WorkerTask => ({
      kind: "viewers",
      urls: part.map(({ href }) => href),
      startAt: part.map(({ startAt }) => startAt),
      abr,
      isJudged: values.check && index === 0,
      ...common,
    }),
  );
  const fleet = startFleet(tasks, session);
  const own = watchOwnCost(fleet, session);
  const recentRequests = () => RESOURCES.reduce((sum, kind) => sum + recorder.recentCount(`requests_${kind}`), 0);
  session.onSecond(() => ({
    mbit_per_s: (recorder.recentCount("bytes") * 8) / 1e6,
    live: recorder.gaugeSum("live"),
    requests: recentRequests(),
    latency_p50: recorder.recentPercentile("latency_ms", 50),
    latency_p99: recorder.recentPercentile("latency_ms", 99),
    stalled: recorder.gaugeSum("stalled"),
    errors: ["status_4xx", "status_5xx", "request_errors"].reduce((sum, name) => sum + recorder.recentCount(name), 0),
    bench_cpu: own.recent(),
    ...server.row(),
  }));
  session.phase("joining", ramp);
  await awaitFleet(fleet, fleet.ready, session, ramp + timeout + 5);
  if (recorder.total("joined") > 0 && !session.stop.aborted) {
    session.phase("playing", duration);
    recorder.isMeasuring = true;
    own.begin();
    server.begin();
    const from = performance.now();
    const isLeft = () => recorder.total("joined") > recorder.total("disconnects") + recorder.total("ended");
    const allLost = (async () => {
      while (!session.stop.aborted && isLeft()) await session.sleep(0.25);
    })();
    await awaitFleet(fleet, allLost, session, duration);
    finish(session, (performance.now() - from) / 1_000, own, server);
  }
  recorder.isMeasuring = false;
  await fleet.stop();
  judge(values, session);
}

function finish(
  { recorder }: Session,
  seconds: number,
  own: ReturnType<typeof watchOwnCost>,
  server: Awaited<ReturnType<typeof attachServer>>,
): void {
  const gigabits = (recorder.total("bytes") * 8) / 1e9;
  recorder.value("seconds", seconds);
  recorder.value("gbit", gigabits);
  recorder.value("mbit_per_s", (gigabits * 1e3) / seconds);
  const requests = RESOURCES.reduce((sum, kind) => sum + recorder.total(`requests_${kind}`), 0);
  recorder.value("requests_per_s", requests / seconds);
  for (const name of ["stalls", "skipped_segments"]) recorder.value(name, recorder.total(name));
  const watched = recorder.total("played_ms") + recorder.total("stalled_ms");
  if (watched > 0) recorder.value("stall_percent", (100 * recorder.total("stalled_ms")) / watched);
  const streams = Math.max(0, recorder.total("joined") - recorder.total("disconnects"));
  server.finish({ gigabits, streamMinutes: (streams * seconds) / 60, streams });
  if (own.finish().busiest > 0.9)
    recorder.note("The players were the limit: their busiest process used all of a core. Give them more --workers.");
}

function judge(values: HlsValues, session: Session): void {
  const { recorder } = session;
  const counted = ["joined", "failed", "disconnects", "status_4xx", "status_5xx", "request_errors", "missing_media"];
  for (const name of counted) recorder.value(name, recorder.total(name));
  if (values.check) recorder.value("conformance_errors", recorder.total("conformance_errors"));
  if (session.stop.aborted && recorder.total("failed") === 0) return;
  const why = recorder.reasonsSeen.find(([reason]) => !reason.startsWith("breaks "))?.[0] ?? "no reason";
  if (recorder.total("failed") > 0)
    session.fail(
      `${recorder.total("failed")} of ${values.players} players showed nothing of ${shownUrl(values.url)}: ${why}.`,
    );
  if (recorder.total("disconnects") > 0) session.fail(`${recorder.total("disconnects")} players gave up: ${why}.`);
}

export const boundOfHls = (values: HlsValues): number => {
  const { duration, ramp, timeout } = read(values);
  return duration + ramp + 2 * timeout + 60 + (values.publish === "" ? 0 : 900) + (values.cmd === "" ? 0 : 40);
};

export const hlsBench = makeTool({
  name: "hls",
  summary:
    "conforming HLS, LL-HLS and DASH players against any server: join time, latency, stalls, requests, conformance",
  more: MORE,
  options: hlsOptions,
  figures: HLS_FIGURES,
  columns: COLUMNS,
  headline: ["mbit_per_s", "live", "requests", "latency_p50", "stalled", "errors", "server_cpu"],
  shown: ({ url, publish }) => ({ url: shownUrl(url), publish: shownUrl(publish) }),
  bound: boundOfHls,
  run: runHls,
});
