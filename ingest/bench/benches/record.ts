import { option, UsageError } from "../cli/options.ts";
import { encodeHead, encodeRecorded, type RecordingHead } from "../load/recording-file.ts";
import { startTap } from "../load/tap.ts";
import { readRtmpUrl, refuseStranger, shownUrl } from "../tool/address.ts";
import { type FigureTable, value } from "../tool/outcome.ts";
import { RunFailure } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { secondsOf, wholeOf } from "../tool/values.ts";

const options = {
  url: option(
    "url",
    "",
    "the server that the encoder's bytes go on to: rtmp://HOST:PORT/APP/ANYTHING; the encoder's own key is used",
  ),
  listen: option("listen", 1937, "port on loopback where the encoder is to publish"),
  out: option("out", "", "file to write; it is overwritten"),
  duration: option("duration", "10m", "ends by itself after this"),
  wait: option("wait", "5m", "how long to wait for an encoder"),
  ownServer: option("i-own-this-server", false, "allow servers on other machines"),
};

const FIGURES: FigureTable = {
  seconds: value("s", "recorded", true),
  messages: value("", "media messages recorded", true),
  bytes: value("", "bytes recorded", true),
};

const MORE = `Example:
  streamhub bench record --url rtmp://127.0.0.1:1935/live/x --listen 1937 --out session.rec
Then let the encoder publish to rtmp://127.0.0.1:1937/live with its key. One session is recorded: the first that publishes. The file has its
media with the times at which they came, the app and the encoder's name; not the key.`;

const MAX_BYTES = 4 * 1024 ** 3;

export const recordBench = makeTool({
  name: "record",
  summary: "stands between an encoder and a server and records what is published, to be replayed",
  more: MORE,
  options,
  figures: FIGURES,
  columns: { mbit_per_s: { title: "recorded", unit: "Mbit/s" }, messages: { title: "messages", unit: "" } },
  headline: ["mbit_per_s", "messages"],
  shown: ({ url }) => ({ url: shownUrl(url) }),
  bound: (values) =>
    secondsOf("duration", values.duration, 1, 86_400) + secondsOf("wait", values.wait, 0.1, 86_400) + 30,
  async run(values, session) {
    const { target } = readRtmpUrl(values.url);
    refuseStranger(target.host, values.ownServer);
    if (target.tls) throw new UsageError("record goes on to rtmp:// servers only.");
    if (values.out === "") throw new UsageError("--out says which file to write.");
    const port = wholeOf("listen", values.listen, 0, 65_535);
    const { recorder } = session;
    const file = Bun.file(values.out).writer();
    session.defer(async () => void (await file.end()));
    const done = Promise.withResolvers<void>();
    let from = Number.NaN;
    let bytes = 0;
    const tap = startTap({
      port,
      upstream: target,
      onPublish(app, encoder) {
        if (!Number.isNaN(from)) return;
        from = performance.now();
        const head: RecordingHead = {
          format: "streamhub-recording",
          version: 1,
          date: new Date().toISOString(),
          app,
          encoder,
        };
        file.write(encodeHead(head));
        session.phase("recording", secondsOf("duration", values.duration, 1, 86_400));
      },
      onMessage(message) {
        if (Number.isNaN(from)) return;
        const piece = encodeRecorded({ ...message, at: Math.round(performance.now() - from) });
        file.write(piece);
        bytes += piece.length;
        recorder.count("messages", 1);
        recorder.count("bytes", piece.length);
        if (bytes > MAX_BYTES) done.resolve();
      },
      onEnd(reason) {
        recorder.reason(reason);
        if (!Number.isNaN(from)) done.resolve();
      },
    });
    session.defer(() => tap[Symbol.dispose]());
    session.phase(`waiting for an encoder on rtmp://127.0.0.1:${tap.port}/${target.app}`);
    session.onSecond(() => ({
      mbit_per_s: (recorder.recentCount("bytes") * 8) / 1e6,
      messages: recorder.recentCount("messages"),
    }));
    const waited = performance.now() + secondsOf("wait", values.wait, 0.1, 86_400) * 1_000;
    while (Number.isNaN(from) && !session.stop.aborted && performance.now() < waited) await session.sleep(0.1);
    if (Number.isNaN(from)) {
      if (session.stop.aborted) return;
      const [reason] = recorder.reasonsSeen;
      throw new RunFailure(
        `No encoder published within ${values.wait}${reason === undefined ? "" : `: ${reason[0]}`}.`,
      );
    }
    await Promise.race([done.promise, session.sleep(secondsOf("duration", values.duration, 1, 86_400))]);
    recorder.value("seconds", (performance.now() - from) / 1_000);
  },
});
