import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { say, table, writeJson } from "../cli/report.ts";
import { runHeld, runThroughput } from "../runs/delivery.ts";

const options = {
  connections: option("connections", 16, "that ask for the same segment again and again"),
  players: option("players", 2_000, "low-latency players of one broadcast"),
  bitrate: option("bitrate", 600, "kbit/s of the picture that the players watch"),
  seconds: option("seconds", 5, "of each round; the players watch three times as long"),
  rounds: option("rounds", 3, "of segments, by turns with nginx"),
  ...jsonOption,
};

export const deliveryBench = makeBench(
  "delivery",
  "segments beside nginx with the same bytes; 2,000 low-latency players of one broadcast",
  options,
  async (values) => {
    within("connections", values.connections, 1, 500);
    within("players", values.players, 1, 10_000);
    within("bitrate", values.bitrate, 100, 20_000);
    within("seconds", values.seconds, 1, 60);
    within("rounds", values.rounds, 1, 20);
    boundRun(values.rounds * (values.seconds * 2 + 15) + values.seconds * 3 + 180);
    const segments = await runThroughput(values.connections, values.seconds, values.rounds);
    const [ours, nginx] = segments;
    const held = await runHeld(values.players, values.seconds * 3, values.bitrate);
    say(
      table(
        ["server", "Gbit/s", "CPU s/Gbit"],
        segments.map((r) => [r.server, r.gbitPerSecond, r.cpuPerGbit]),
      ),
    );
    say(
      `ours / nginx: ${((100 * ours!.gbitPerSecond) / nginx!.gbitPerSecond).toFixed(0)} % of its Gbit/s (goal: 70)\n`,
    );
    say(
      table(
        ["players", "parts", "cores", "Gbit/s", "all have it p50 ms", "p99 ms", "renders/part"],
        [[held.players, held.parts, held.cpu, held.gbitPerSecond, held.spreadP50, held.spreadP99, held.rendersPerPart]],
      ),
    );
    await writeJson(values.json, "delivery", values, { segments, held });
    return 0;
  },
);
