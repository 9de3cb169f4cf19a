/** Plays any server's HLS or DASH for a while, as a client does, and says which rules what it got breaks. */
import { makeInspector } from "@streamhub/ingest/conformance/inspector";
import { makeVerdictBook } from "@streamhub/ingest/conformance/verdict";
import { defineCommand } from "citty";
import { makeClient, needed } from "./check/client.ts";
import { playDash } from "./check/dash.ts";
import { playHls } from "./check/hls.ts";
import { makeReport, renderReport } from "./check/report.ts";
import { Failure, misuse } from "./failure.ts";
import { jsonArg, print } from "./output.ts";

const DEFAULT_SECONDS = 30;
const MOST_SECONDS = 24 * 3600;

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw misuse(`--seconds is a number from 1 to ${MOST_SECONDS}.`);
}

export const checkCommand = defineCommand({
  meta: {
    name: "check",
    description: "Play an HLS or DASH address and say which rules of these standards it breaks; exit code 1 if any",
  },
  args: {
    url: {
      type: "positional",
      required: true,
      description: "Of a multivariant or media playlist (.m3u8), or a manifest (.mpd)",
    },
    seconds: { type: "string", default: String(DEFAULT_SECONDS), description: "How long to play" },
    ...jsonArg,
  },
  async run({ args }) {
    const seconds = secondsOf(args.seconds);
    if (!/^https?:\/\/./i.test(args.url) || !URL.canParse(args.url))
      throw misuse("The address begins with http:// or https://.");
    const client = makeClient(seconds);
    const book = makeVerdictBook();
    const inspector = makeInspector({ digest: (bytes) => Bun.hash(bytes).toString(36), onViolation: book.add });
    const startedAt = performance.now();
    const first = await client.get(args.url);
    const text = needed(args.url, first);
    const format = formatOf(text);
    if (format === null) {
      const type = first.answer.headers?.get("content-type") ?? "no type";
      throw new Failure(
        `${args.url} is neither an HLS playlist nor a DASH manifest (${type}).`,
        "check.not-a-playlist",
      );
    }
    await (format === "hls" ? playHls : playDash)(client, inspector, first.url, text, first);
    const lasted = (performance.now() - startedAt) / 1000;
    const report = makeReport({ url: args.url, format, seconds: lasted }, client, inspector, book.verdict);
    print(args.json, report, renderReport(report));
    if (report.must > 0) process.exitCode = 1;
    // Requests that a server still holds.
    process.exit();
  },
});

function formatOf(text: string): "hls" | "dash" | null {
  if (text.startsWith("#EXTM3U")) return "hls";
  return /<(\w+:)?MPD[\s>]/.test(text.slice(0, 4096)) ? "dash" : null;
}
