import { join } from "node:path";
import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { say, table, writeJson } from "../cli/report.ts";
import { lines, spawnChild } from "../measure/children.ts";
import { loadSession, SESSION_KEYS } from "../media/sessions.ts";
import { runParse } from "../runs/parse.ts";

const options = {
  seconds: option("seconds", 2, "time per session"),
  ...jsonOption,
};

async function allocationOf(key: string): Promise<{ heapPerMessage: number; allPerMessage: number }> {
  const script = join(import.meta.dir, "parse-allocation-main.ts");
  const child = spawnChild([process.execPath, script, key], { env: { BUN_JSC_useGC: "0" } });
  for await (const line of lines(child)) return JSON.parse(line);
  throw new Error("The process that measures allocation ended without a word.");
}

export const parseBench = makeBench(
  "parse",
  "chunk decode + FLV headers: MB per CPU second, bytes allocated per message",
  options,
  async (values) => {
    within("seconds", values.seconds, 0.1, 600);
    boundRun(SESSION_KEYS.length * (values.seconds + 20) + 120);
    const results = [];
    for (const key of SESSION_KEYS) {
      const speed = runParse(await loadSession(key), values.seconds);
      results.push({ ...speed, ...(await allocationOf(key)) });
    }
    const rows = results.map((r) => [
      r.session,
      r.megabytesPerSecond,
      r.messagesPerSecond / 1e6,
      r.bytesPerMessage,
      r.heapPerMessage,
      r.allPerMessage,
    ]);
    const head = [
      "session",
      "MB/CPU s",
      "M messages/CPU s",
      "bytes/message",
      "heap bytes/message",
      "all bytes/message",
    ];
    say(table(head, rows));
    await writeJson(values.json, "parse", values, results);
    return 0;
  },
);
