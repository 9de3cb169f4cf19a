import { cpus } from "node:os";
import type { OptionValues } from "../cli/options.ts";
import { option, UsageError } from "../cli/options.ts";
import type { WorkerTask } from "../load/worker.ts";
import { attachServer, checkServerOptions, SERVER_FIGURES, SERVER_OPTIONS } from "../measure/server-cost.ts";
import { MEDIA_OPTIONS, prepareMedia } from "../media/prepare.ts";
import { readAddresses, shownUrl } from "../tool/address.ts";
import { CHUNK_OPTION, CONNECTION_OPTIONS, workersFor } from "../tool/connection-options.ts";
import { awaitFleet, share, startFleet } from "../tool/fleet.ts";
import { type ColumnTable, distribution, type FigureTable, value } from "../tool/outcome.ts";
import { watchOwnCost } from "../tool/own-cost.ts";
import type { Session } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { secondsOf, wholeOf } from "../tool/values.ts";

export const publishOptions = {
  ...CONNECTION_OPTIONS,
  publishers: option("publishers", 1, "how many"),
  unpaced: option("unpaced", false, "as fast as the server reads, instead of in real time"),
  ...MEDIA_OPTIONS,
  ...CHUNK_OPTION,
  late: option("late", "50ms", "a frame that leaves later than this is late"),
  clock: option(
    "clock",
    true,
    "put the time of sending into the media, for `play` and `hls` (--clock=false: send it as it is)",
  ),
  ...SERVER_OPTIONS,
};

export const PUBLISH_FIGURES: FigureTable = {
  tcp_ms: distribution("ms", "until TCP (and TLS) stood", true),
  handshake_ms: distribution("ms", "RTMP handshake", true),
  connect_ms: distribution("ms", "connect to its answer", true),
  publish_ms: distribution("ms", "from the first packet to NetStream.Publish.Start", true),
  lag_ms: distribution("ms", "how late messages left"),
  stall_ms: distribution("ms", "how long sockets took no bytes"),
  publishers: value("", "publishers that started", true),
  failed: value("", "publishers that did not start", true),
  disconnects: value("", "publishers that were lost in mid-stream", true),
  seconds: value("s", "time measured"),
  gbit: value("Gbit", "sent in the time measured"),
  mbit_per_s: value("Mbit/s", "sent"),
  frames: value("", "frames sent"),
  messages: value("", "messages sent"),
  late_frames: value("", "messages that left later than --late"),
  stalls: value("", "times that a socket took no more bytes"),
  bench_cpu: value("cores", "CPU of the load generator"),
  bench_cpu_busiest: value("cores", "CPU of its busiest process"),
  ...SERVER_FIGURES,
};

export const PUBLISH_COLUMNS: ColumnTable = {
  mbit_per_s: { title: "sent", unit: "Mbit/s" },
  live: { title: "live", unit: "" },
  lag_p99: { title: "lag p99", unit: "ms" },
  late_frames: { title: "late", unit: "" },
  stalls: { title: "stalls", unit: "" },
  disconnects: { title: "lost", unit: "" },
  backlog_kb: { title: "unsent", unit: "kB" },
  bench_cpu: { title: "bench CPU", unit: "cores" },
  server_cpu: { title: "server CPU", unit: "cores" },
  server_mb: { title: "server", unit: "MB" },
};

const MORE = `Examples:
  streamhub bench publish --url rtmp://127.0.0.1/live/bench-{n} --publishers 50 --duration 20s --html out.html
  streamhub bench publish --url rtmp://127.0.0.1/live --keys keys.txt --publishers 50 --pid $(pgrep -o nginx)
  streamhub bench publish --url rtmp://127.0.0.1/live/KEY --unpaced --publishers 4
Without --url, StreamHub and nginx-rtmp are started here and measured by turns: \`streamhub bench publish --servers ours,nginx --help\`.`;

export type PublishValues = OptionValues<typeof publishOptions>;
/** With what it has by default. */
export const publishDefaults = Object.fromEntries(
  Object.entries(publishOptions).map(([key, { value: fallback }]) => [key, fallback]),
) as PublishValues;

const MAX_PUBLISHERS = 10_000;
const MAX_SECONDS = 24 * 3_600;
/** For connections, media, the end and the report. */
const SLACK_SECONDS = 60;

function read(values: PublishValues) {
  if (values.url === "") throw new UsageError("--url says where to publish: rtmp://HOST/APP/KEY.");
  wholeOf("publishers", values.publishers, 1, MAX_PUBLISHERS);
  wholeOf("workers", values.workers, 0, 64);
  wholeOf("chunk-size", values.chunkSize, 128, 65_536);
  checkServerOptions(values);
  return {
    duration: secondsOf("duration", values.duration, 0.5, MAX_SECONDS),
    ramp: secondsOf("ramp", values.ramp, 0, 3_600),
    timeout: secondsOf("timeout", values.timeout, 0.1, 600),
    lateMs: secondsOf("late", values.late, 0.001, 60) * 1_000,
  };
}

export const boundOfPublish = (values: PublishValues): number => {
  const { duration, ramp, timeout } = read(values);
  return duration + ramp + timeout + SLACK_SECONDS + (values.cmd === "" ? 0 : 40) + 300;
};

/** Publishes and measures; the figures are in the session's recorder. */
export async function runPublishAny(values: PublishValues, session: Session): Promise<void> {
  const { duration, ramp, timeout, lateMs } = read(values);
  const { recorder } = session;
  const count = values.publishers;
  const { addresses, notes } = await readAddresses({
    url: values.url,
    count,
    keys: values.keys,
    isOwned: values.ownServer,
    insecure: values.insecure,
    isShared: false,
  });
  for (const note of notes) recorder.note(note);
  session.phase("preparing media");
  const media = await prepareMedia(values);
  for (const note of media.notes) recorder.note(note);
  if (session.stop.aborted) return;
  const server = await attachServer(values, addresses[0]!.target, session);
  const entries = addresses.map((address, index) => ({ address, startAt: (ramp * index) / count }));
  const workers = workersFor(values.workers, count, cpus().length, values.unpaced ? 1 : undefined);
  const tasks = share(entries, workers).map(
    (part): WorkerTask => ({
      kind: values.unpaced ? "flood" : "publishers",
      addresses: part.map(({ address }) => address),
      startAt: part.map(({ startAt }) => startAt),
      source: media.file,
      chunkSize: values.chunkSize,
      timeoutMs: timeout * 1_000,
      lateMs,
      hasClock: values.clock && !values.unpaced,
    }),
  );
  const fleet = startFleet(tasks, session);
  const own = watchOwnCost(fleet, session);
  session.onSecond(() => ({
    mbit_per_s: (recorder.recentCount("bytes") * 8) / 1e6,
    live: recorder.gaugeSum("live"),
    lag_p99: recorder.recentPercentile("lag_ms", 99),
    late_frames: recorder.recentCount("late_frames"),
    stalls: recorder.recentCount("stalls"),
    disconnects: recorder.recentCount("disconnects"),
    backlog_kb: recorder.gaugeSum("backlog") / 1e3,
    bench_cpu: own.recent(),
    ...server.row(),
  }));
  session.phase("connecting", ramp);
  await awaitFleet(fleet, fleet.ready, session, ramp + timeout + 10);
  if (recorder.total("publishers") > 0 && !session.stop.aborted) {
    session.phase(values.unpaced ? "flooding" : "publishing", duration);
    recorder.isMeasuring = true;
    own.begin();
    server.begin();
    const from = performance.now();
    const allLost = (async () => {
      while (!session.stop.aborted && recorder.total("publishers") > recorder.total("disconnects"))
        await session.sleep(0.25);
    })();
    await awaitFleet(fleet, allLost, session, duration);
    finish(values, session, (performance.now() - from) / 1_000, own, server);
  }
  recorder.isMeasuring = false;
  await fleet.stop();
  judge(values, session);
}

function finish(
  values: PublishValues,
  { recorder }: Session,
  seconds: number,
  own: ReturnType<typeof watchOwnCost>,
  server: Awaited<ReturnType<typeof attachServer>>,
): void {
  const gigabits = (recorder.total("bytes") * 8) / 1e9;
  recorder.value("seconds", seconds);
  recorder.value("gbit", gigabits);
  recorder.value("mbit_per_s", (gigabits * 1e3) / seconds);
  for (const name of ["frames", "messages", "late_frames", "stalls"]) recorder.value(name, recorder.total(name));
  if (values.unpaced) recorder.value("late_frames", 0);
  const { busiest } = own.finish();
  const streams = Math.max(0, recorder.total("publishers") - recorder.total("disconnects"));
  server.finish({ gigabits, streamMinutes: values.unpaced ? 0 : (streams * seconds) / 60, streams });
  const lag = recorder.percentile("lag_ms", 99);
  if (busiest > 0.9)
    recorder.note(
      `The load generator was the limit: its busiest process used ${busiest.toFixed(2)} of a core. Give it more --workers or more cores.`,
    );
  else if (lag > 20 && recorder.total("stalls") === 0)
    recorder.note(
      `Messages left late (p99 ${lag.toFixed(0)} ms) though no socket was full: this machine was too busy.`,
    );
}

function judge(values: PublishValues, session: Session): void {
  const { recorder } = session;
  for (const name of ["publishers", "failed", "disconnects"]) recorder.value(name, recorder.total(name));
  if (session.stop.aborted && recorder.total("failed") === 0) return;
  const where = shownUrl(values.url);
  const [reason] = recorder.reasonsSeen;
  if (recorder.total("failed") > 0)
    session.fail(
      `${recorder.total("failed")} of ${values.publishers} publishers did not start at ${where}: ${reason?.[0] ?? "no reason"}.`,
    );
  if (recorder.total("disconnects") > 0)
    session.fail(`${recorder.total("disconnects")} publishers were lost: ${reason?.[0] ?? "no reason"}.`);
}

export const publishAnyBench = makeTool({
  name: "publish",
  summary: "publishers against any RTMP server: times, throughput, lag, losses, and what the server costs",
  more: MORE,
  options: publishOptions,
  figures: PUBLISH_FIGURES,
  columns: PUBLISH_COLUMNS,
  headline: ["mbit_per_s", "live", "lag_p99", "late_frames", "disconnects", "server_cpu"],
  shown: ({ url }) => ({ url: shownUrl(url) }),
  bound: boundOfPublish,
  run: runPublishAny,
});
