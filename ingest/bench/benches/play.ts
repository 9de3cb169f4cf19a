import { cpus } from "node:os";
import { type OptionValues, option, UsageError } from "../cli/options.ts";
import type { WorkerTask } from "../load/worker.ts";
import { attachServer, checkServerOptions, SERVER_FIGURES, SERVER_OPTIONS } from "../measure/server-cost.ts";
import { type Address, readAddresses, readKeys, refuseStranger, shownUrl } from "../tool/address.ts";
import { COMPANION_OPTIONS, checkCompanion, startCompanion } from "../tool/companion.ts";
import { CONNECTION_OPTIONS, workersFor } from "../tool/connection-options.ts";
import { awaitFleet, share, startFleet } from "../tool/fleet.ts";
import { type ColumnTable, distribution, type FigureTable, value } from "../tool/outcome.ts";
import { watchOwnCost } from "../tool/own-cost.ts";
import type { Session } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { secondsOf, wholeOf } from "../tool/values.ts";

export const playOptions = {
  ...CONNECTION_OPTIONS,
  url: option("url", "", "rtmp://HOST/APP/NAME, or http://HOST/…/NAME.flv; {n} is the number of each player"),
  players: option("players", 1, "how many"),
  gap: option("gap", "500ms", "a pause without media longer than this is a gap"),
  ...COMPANION_OPTIONS,
  ...SERVER_OPTIONS,
};

export const PLAY_FIGURES: FigureTable = {
  tcp_ms: distribution("ms", "until TCP (and TLS) stood", true),
  handshake_ms: distribution("ms", "RTMP handshake", true),
  connect_ms: distribution("ms", "connect to its answer", true),
  play_ms: distribution("ms", "from the first packet to NetStream.Play.Start", true),
  join_ms: distribution("ms", "from the first packet to the first media", true),
  keyframe_ms: distribution("ms", "from the first packet to the first keyframe: there is a picture", true),
  delay_ms: distribution("ms", "sent by the publisher to received, by the clock in each picture"),
  message_delay_ms: distribution("ms", "the same by the clock in data messages"),
  jitter_ms: distribution("ms", "how unevenly frames came (RFC 3550's D)"),
  gap_ms: distribution("ms", "pauses without media"),
  joined: value("", "players that got media", true),
  failed: value("", "players that did not", true),
  disconnects: value("", "players that were lost in mid-stream", true),
  undecodable: value("", "frames that came before any keyframe", true),
  seconds: value("s", "time measured"),
  gbit: value("Gbit", "received in the time measured"),
  mbit_per_s: value("Mbit/s", "received"),
  frames: value("", "frames received"),
  gaps: value("", "pauses without media longer than --gap"),
  backwards: value("", "frames whose timestamp went back"),
  bench_cpu: value("cores", "CPU of the players"),
  bench_cpu_busiest: value("cores", "CPU of their busiest process"),
  ...SERVER_FIGURES,
};

const COLUMNS: ColumnTable = {
  mbit_per_s: { title: "received", unit: "Mbit/s" },
  live: { title: "live", unit: "" },
  delay_p50: { title: "delay p50", unit: "ms" },
  delay_p99: { title: "delay p99", unit: "ms" },
  jitter_p99: { title: "jitter p99", unit: "ms" },
  gaps: { title: "gaps", unit: "" },
  disconnects: { title: "lost", unit: "" },
  bench_cpu: { title: "bench CPU", unit: "cores" },
  server_cpu: { title: "server CPU", unit: "cores" },
  server_mb: { title: "server", unit: "MB" },
};

const MORE = `Examples:
  streamhub bench play --url rtmp://127.0.0.1/live/NAME --players 100 --publish rtmp://127.0.0.1/live/KEY
  streamhub bench play --url http://127.0.0.1:8000/live/SLUG.flv --players 20
The delay needs a publisher of ours, on a machine whose clock agrees with this one's: --publish, or \`streamhub bench publish\`.`;

export type PlayValues = OptionValues<typeof playOptions>;
export const playDefaults = Object.fromEntries(
  Object.entries(playOptions).map(([key, { value: fallback }]) => [key, fallback]),
) as PlayValues;

function read(values: PlayValues) {
  if (!/^(rtmps?|https?):\/\/./i.test(values.url))
    throw new UsageError("--url says what to play: rtmp://HOST/APP/NAME or http://HOST/…/NAME.flv.");
  wholeOf("players", values.players, 1, 20_000);
  wholeOf("workers", values.workers, 0, 64);
  checkServerOptions(values);
  checkCompanion(values, values.insecure);
  return {
    duration: secondsOf("duration", values.duration, 0.5, 24 * 3_600),
    ramp: secondsOf("ramp", values.ramp, 0, 3_600),
    timeout: secondsOf("timeout", values.timeout, 0.1, 600),
    gapMs: secondsOf("gap", values.gap, 0.01, 60) * 1_000,
  };
}

interface Plan {
  readonly at: { readonly host: string; readonly port: number };
  readonly makeTask: (
    indices: readonly number[],
  ) => { readonly addresses: readonly Address[] } | { readonly urls: readonly string[]; readonly insecure: boolean };
}

async function plan(values: PlayValues): Promise<Plan> {
  const { players, url, keys, ownServer, insecure } = values;
  if (/^rtmp/i.test(url)) {
    const { addresses } = await readAddresses({
      url,
      count: players,
      keys,
      isOwned: ownServer,
      insecure,
      isShared: true,
    });
    return {
      at: addresses[0]!.target,
      makeTask: (indices) => ({ addresses: indices.map((index) => addresses[index]!) }),
    };
  }
  const names = keys === "" ? null : await readKeys(keys);
  const urls = Array.from({ length: players }, (_, index) => {
    const filled = url.replaceAll("{n}", String(index + 1));
    const whole = names === null ? filled : filled.replaceAll("{key}", names[index % names.length]!);
    const parsed = URL.parse(whole);
    if (parsed === null) throw new UsageError("--url is not an address.");
    refuseStranger(parsed.hostname, ownServer);
    return parsed;
  });
  const { hostname, port, protocol } = urls[0]!;
  return {
    at: { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) },
    makeTask: (indices) => ({ urls: indices.map((index) => urls[index]!.href), insecure }),
  };
}

export async function runPlay(values: PlayValues, session: Session): Promise<void> {
  const { duration, ramp, timeout, gapMs } = read(values);
  const { recorder } = session;
  const { at, makeTask } = await plan(values);
  const server = await attachServer(values, at, session);
  await startCompanion(
    values,
    { isOwned: values.ownServer, insecure: values.insecure, timeoutMs: timeout * 1_000 },
    session,
  );
  if (session.stop.aborted) return;
  const indices = Array.from({ length: values.players }, (_, index) => index);
  const tasks = share(indices, workersFor(values.workers, values.players, cpus().length, 300)).map(
    (part): WorkerTask => ({
      kind: "players",
      ...makeTask(part),
      startAt: part.map((index) => (ramp * index) / values.players),
      timeoutMs: timeout * 1_000,
      gapMs,
    }),
  );
  const fleet = startFleet(tasks, session);
  const own = watchOwnCost(fleet, session);
  session.onSecond(() => ({
    mbit_per_s: (recorder.recentCount("bytes") * 8) / 1e6,
    live: recorder.gaugeSum("live"),
    delay_p50: recorder.recentPercentile("delay_ms", 50),
    delay_p99: recorder.recentPercentile("delay_ms", 99),
    jitter_p99: recorder.recentPercentile("jitter_ms", 99),
    gaps: recorder.recentCount("gaps"),
    disconnects: recorder.recentCount("disconnects"),
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
    const allLost = (async () => {
      while (!session.stop.aborted && recorder.total("joined") > recorder.total("disconnects"))
        await session.sleep(0.25);
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
  for (const name of ["frames", "gaps", "backwards", "undecodable"]) recorder.value(name, recorder.total(name));
  const streams = Math.max(0, recorder.total("joined") - recorder.total("disconnects"));
  server.finish({ gigabits, streamMinutes: (streams * seconds) / 60, streams });
  if (own.finish().busiest > 0.9)
    recorder.note("The players were the limit: their busiest process used all of a core. Give them more --workers.");
  if (Number.isNaN(recorder.percentile("delay_ms", 50)) && Number.isNaN(recorder.percentile("message_delay_ms", 50)))
    recorder.note("No clock came with the media: the delay is known for what `streamhub bench publish` sends.");
}

function judge(values: PlayValues, session: Session): void {
  const { recorder } = session;
  for (const name of ["joined", "failed", "disconnects"]) recorder.value(name, recorder.total(name));
  if (session.stop.aborted && recorder.total("failed") === 0) return;
  const [reason] = recorder.reasonsSeen;
  const why = reason?.[0] ?? "no reason";
  if (recorder.total("failed") > 0)
    session.fail(
      `${recorder.total("failed")} of ${values.players} players got nothing of ${shownUrl(values.url)}: ${why}.`,
    );
  if (recorder.total("disconnects") > 0) session.fail(`${recorder.total("disconnects")} players were lost: ${why}.`);
}

export const boundOfPlay = (values: PlayValues): number => {
  const { duration, ramp, timeout } = read(values);
  return duration + ramp + 2 * timeout + 60 + (values.publish === "" ? 0 : 900) + (values.cmd === "" ? 0 : 40);
};

export const playBench = makeTool({
  name: "play",
  summary: "players of RTMP or HTTP-FLV against any server: join time, delay, jitter, gaps",
  more: MORE,
  options: playOptions,
  figures: PLAY_FIGURES,
  columns: COLUMNS,
  headline: ["mbit_per_s", "live", "delay_p50", "delay_p99", "gaps", "disconnects", "server_cpu"],
  shown: ({ url, publish }) => ({ url: shownUrl(url), publish: shownUrl(publish) }),
  bound: boundOfPlay,
  run: runPlay,
});
