import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option, UsageError } from "../cli/options.ts";
import { progress, say, table, writeJson } from "../cli/report.ts";
import { type LatencyResult, openChromium, type Route, runLatency, WAYS } from "../runs/latency.ts";
import { startWithLatency } from "../servers/ours.ts";
import { LOOPBACK } from "../servers/server.ts";

const options = {
  ways: option("ways", WAYS.map(({ name }) => name).join(","), "which ways to watch, in this order"),
  seconds: option("seconds", 60, "how long each is watched, after ten seconds to settle"),
  origin: option(
    "origin",
    "",
    "of a running server, such as http://127.0.0.1:8000; without: one is started for each way",
  ),
  publish: option("publish", "", "with --origin: where the encoder publishes, rtmp://HOST:1935/live/KEY"),
  slug: option("slug", "", "with --origin: the channel's public name, whose latency profile is the way's"),
  ...jsonOption,
};

const MAX_STALL_RATIO = 0.005;

export const latencyBench = makeBench(
  "latency",
  "glass to glass: the clock in the picture, read in Chromium with hls.js, dash.js and WebSocket",
  options,
  async (values) => {
    within("seconds", values.seconds, 5, 3_600);
    const ways = values.ways.split(",").map((name) => {
      const way = WAYS.find((each) => each.name === name.trim());
      if (way === undefined)
        throw new UsageError(`There is no way "${name}". Known: ${WAYS.map((each) => each.name).join(", ")}.`);
      return way;
    });
    const given = [values.origin, values.publish, values.slug].filter((value) => value !== "").length;
    if (given !== 0 && given !== 3) throw new UsageError("--origin, --publish and --slug go together.");
    boundRun(ways.length * (values.seconds + 90));
    const browser = await openChromium();
    const results: LatencyResult[] = [];
    try {
      for (const way of ways) {
        const server = given === 3 ? null : await startWithLatency(way.profile);
        const route: Route =
          server === null
            ? { origin: values.origin, publishUrl: values.publish, slug: values.slug }
            : {
                origin: new URL(server.metricsUrl!).origin,
                publishUrl: `rtmp://${LOOPBACK}:${server.target.port}/live/clock`,
                slug: "clock",
              };
        try {
          progress(`${way.name}: ${values.seconds} s …`);
          results.push(await runLatency(browser, way, route, values.seconds));
        } finally {
          await server?.stop();
        }
      }
    } finally {
      await browser.close();
    }
    const rows = results.map((result) => {
      const { mark } = ways.find(({ name }) => name === result.way)!;
      const isMet = result.p50 < mark && result.stallRatio < MAX_STALL_RATIO;
      const stalls = `${(result.stallRatio * 100).toFixed(2)} % (${result.stalls})`;
      return [
        result.way,
        result.p50,
        result.p95,
        result.p99,
        result.join ?? Number.NaN,
        stalls,
        String(result.unread),
        mark,
        isMet ? "met" : "missed",
      ];
    });
    say(table(["way", "p50 ms", "p95 ms", "p99 ms", "join ms", "stalls", "unread", "mark ms", ""], rows));
    for (const { way, errors, sourceLate } of results) {
      if (errors.length > 0) say(`${way}: the player told ${errors.join(", ")}`);
      if (sourceLate > 0) say(`${way}: the source drew ${sourceLate} pictures late; this machine was busy`);
    }
    await writeJson(values.json, "latency", values, results);
    return 0;
  },
);
