import { type OptionValues, option, UsageError } from "../cli/options.ts";
import { progress } from "../cli/report.ts";
import { type LatencyResult, openChromium, type Route, runLatency, WAYS, type Way } from "../runs/latency.ts";
import { startWithLatency } from "../servers/ours.ts";
import { LOOPBACK } from "../servers/server.ts";
import { readRtmpUrl, refuseStranger, shownUrl } from "../tool/address.ts";
import { type ColumnTable, distribution, type FigureTable, value } from "../tool/outcome.ts";
import { RunFailure, type Session } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { wholeOf } from "../tool/values.ts";

const options = {
  ways: option("ways", WAYS.map(({ name }) => name).join(","), "which ways to watch, in this order"),
  seconds: option("seconds", 60, "how long each is watched, after ten seconds to settle"),
  publish: option(
    "publish",
    "",
    "where the encoder publishes, rtmp://HOST/APP/KEY; without it, a server is started for each way",
  ),
  play: option(
    "play",
    "",
    "with --publish: what Chromium plays, http://…/index.m3u8, .mpd, or ws:// of StreamHub's frames",
  ),
  origin: option("origin", "", "with --publish, for StreamHub: where it serves, such as http://127.0.0.1:8000"),
  slug: option("slug", "", "with --origin: the channel's public name, whose latency profile is the way's"),
  ownServer: option("i-own-this-server", false, "allow servers on other machines"),
};
type Values = OptionValues<typeof options>;

/** The way of --play. */
const OWN_WAY = "play";
const nameOf = (way: string): string => way.replaceAll("-", "_");

const FIGURES: FigureTable = Object.fromEntries(
  [
    ...WAYS.map(({ name, mark }) => [name, `; to be below ${mark} at p50`] as const),
    [OWN_WAY, " of --play"] as const,
  ].flatMap(([way, remark]) => [
    [`${nameOf(way)}_ms`, distribution("ms", `drawn to shown, by the clock in each picture${remark}`, true)],
    [`${nameOf(way)}_join_ms`, value("ms", "until the first picture", true)],
    [`${nameOf(way)}_stalls`, value("", "times that the picture stood still", true)],
    [`${nameOf(way)}_stall_percent`, value("%", "of the time", true)],
    [`${nameOf(way)}_unread`, value("", "pictures whose clock could not be read", true)],
  ]),
);

const COLUMNS: ColumnTable = {
  glass_p50: { title: "glass to glass p50", unit: "ms" },
  glass_max: { title: "worst", unit: "ms" },
  pictures: { title: "pictures", unit: "/s" },
  stalls: { title: "stalls", unit: "" },
};

const MAX_STALL_RATIO = 0.005;

function read(values: Values): { ways: Way[]; route: Route | null } {
  wholeOf("seconds", values.seconds, 5, 3_600);
  if (values.publish !== "") refuseStranger(readRtmpUrl(values.publish).target.host, values.ownServer);
  if (values.play !== "") {
    const parsed = URL.parse(values.play);
    if (parsed === null || !/^(https?|wss?):$/.test(parsed.protocol))
      throw new UsageError("--play takes an http or ws address.");
    refuseStranger(parsed.hostname, values.ownServer);
    if (values.publish === "") throw new UsageError("--play needs --publish: where the encoder publishes.");
    const player = parsed.protocol.startsWith("ws") ? "frames" : /\.mpd$/i.test(parsed.pathname) ? "dash" : "hls";
    const way: Way = { name: OWN_WAY, profile: "standard", player, mark: Number.POSITIVE_INFINITY };
    return {
      ways: [way],
      route: { origin: parsed.origin, publishUrl: values.publish, slug: "", playUrl: values.play },
    };
  }
  const ways = values.ways.split(",").map((name) => {
    const way = WAYS.find((each) => each.name === name.trim());
    if (way === undefined)
      throw new UsageError(`There is no way "${name}". Known: ${WAYS.map((each) => each.name).join(", ")}.`);
    return way;
  });
  const given = [values.origin, values.publish, values.slug].filter((text) => text !== "").length;
  if (given !== 0 && given !== 3) throw new UsageError("--origin, --publish and --slug go together.");
  if (given === 0) return { ways, route: null };
  if (!URL.canParse(values.origin)) throw new UsageError("--origin takes an address such as http://127.0.0.1:8000.");
  refuseStranger(new URL(values.origin).hostname, values.ownServer);
  return { ways, route: { origin: values.origin, publishUrl: values.publish, slug: values.slug } };
}

async function run(values: Values, session: Session): Promise<void> {
  const { ways, route } = read(values);
  if (Bun.which("ffmpeg") === null) throw new RunFailure("The encoder needs ffmpeg: install it.");
  const browser = await openChromium().catch((error: Error) => {
    throw new RunFailure(
      `Chromium can't be started (Debian: apt-get install chromium): ${error.message.split("\n")[0]}`,
    );
  });
  session.defer(() => browser.close());
  let latest: readonly number[] = [];
  let stalls = 0;
  session.onSecond(() => {
    const sorted = latest.toSorted((a, b) => a - b);
    const row = {
      glass_p50: sorted[sorted.length >> 1] ?? Number.NaN,
      glass_max: sorted.at(-1) ?? Number.NaN,
      pictures: latest.length,
      stalls,
    };
    latest = [];
    stalls = 0;
    return row;
  });
  for (const way of ways) {
    if (session.stop.aborted) return;
    session.phase(way.name, values.seconds + 12);
    const server = route === null ? await startWithLatency(way.profile) : null;
    try {
      const own =
        server === null
          ? route!
          : {
              origin: new URL(server.metricsUrl!).origin,
              publishUrl: `rtmp://${LOOPBACK}:${server.target.port}/live/clock`,
              slug: "clock",
            };
      const result = await runLatency(browser, way, own, values.seconds, {
        signal: session.stop,
        onSecond(latencies, count) {
          latest = latencies;
          stalls = count;
          for (const latency of latencies) session.recorder.observe(`${nameOf(way.name)}_ms`, latency);
        },
      });
      note(way, result, session);
    } catch (error) {
      if (!session.stop.aborted) session.fail(`${way.name}: ${(error as Error).message}`);
    } finally {
      await server?.stop();
    }
  }
}

function note(way: Way, result: LatencyResult, { recorder }: Session): void {
  const name = nameOf(way.name);
  if (result.join !== null) recorder.value(`${name}_join_ms`, result.join);
  recorder.value(`${name}_stalls`, result.stalls);
  recorder.value(`${name}_stall_percent`, result.stallRatio * 100);
  recorder.value(`${name}_unread`, result.unread);
  if (Number.isFinite(way.mark)) {
    const isMet = result.p50 < way.mark && result.stallRatio < MAX_STALL_RATIO;
    recorder.note(
      `${way.name}: the mark of ${way.mark} ms at p50 and ${MAX_STALL_RATIO * 100} % of stalls is ${isMet ? "met" : "missed"}.`,
    );
  }
  if (result.pictures === 0) recorder.note(`${way.name}: no picture was shown.`);
  if (result.errors.length > 0) recorder.note(`${way.name}: the player told ${result.errors.join(", ")}.`);
  if (result.sourceLate > 0)
    recorder.note(`${way.name}: the source drew ${result.sourceLate} pictures late; this machine was busy.`);
  progress(`${way.name}: p50 ${Math.round(result.p50)} ms`);
}

export const latencyBench = makeTool({
  name: "latency",
  summary: "glass to glass: the clock in the picture, read in Chromium with hls.js, dash.js and WebSocket",
  more: `Examples:
  streamhub bench latency --seconds 30
  streamhub bench latency --publish rtmp://127.0.0.1/live/x --play http://127.0.0.1:8080/hls/x.m3u8 --html latency.html`,
  options,
  figures: FIGURES,
  columns: COLUMNS,
  headline: ["glass_p50", "glass_max", "pictures", "stalls"],
  shown: ({ publish, play }) => ({ publish: shownUrl(publish), play: shownUrl(play) }),
  bound: (values) => read(values).ways.length * (values.seconds + 90) + 30,
  run,
});
