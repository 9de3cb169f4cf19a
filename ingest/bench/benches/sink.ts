import { jsonOption, makeBench } from "../cli/bench.ts";
import { option } from "../cli/options.ts";
import { progress, say, writeJson } from "../cli/report.ts";
import { startSink } from "../load/sink.ts";
import { secondsOf, wholeOf } from "../tool/values.ts";

const options = {
  port: option("port", 1936, "where to listen, on loopback"),
  duration: option("duration", "1h", "ends by itself after this"),
  ...jsonOption,
};

export const sinkBench = makeBench(
  "sink",
  "a server that lets every publisher in and throws all away: what the load generator can do at most",
  options,
  async (values) => {
    const seconds = secondsOf("duration", values.duration, 1, 86_400);
    using sink = startSink({ port: wholeOf("port", values.port, 0, 65_535) });
    say(`rtmp://127.0.0.1:${sink.port}/live/bench-{n}`);
    let bytes = 0;
    const timer = setInterval(() => {
      const taken = sink.take();
      bytes += taken;
      if (taken > 0) progress(`${((taken * 8) / 1e6).toFixed(0)} Mbit/s`);
    }, 1_000);
    await Bun.sleep(seconds * 1_000);
    clearInterval(timer);
    await writeJson(values.json, "sink", values, { bytes });
    return 0;
  },
);
