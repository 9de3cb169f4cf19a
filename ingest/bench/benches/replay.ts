import { isMetadata } from "../../src/flv/script.ts";
import { Csid } from "../../src/rtmp/chunk/csid.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { MessageType } from "../../src/rtmp/chunk/header.ts";
import { option, UsageError } from "../cli/options.ts";
import { type RecordedMessage, readRecording } from "../load/recording-file.ts";
import { RtmpClient } from "../load/rtmp-client.ts";
import { readRtmpUrl, refuseStranger, shownUrl } from "../tool/address.ts";
import { distribution, type FigureTable, value } from "../tool/outcome.ts";
import { RunFailure, type Session } from "../tool/session.ts";
import { makeTool } from "../tool/tool.ts";
import { secondsOf, wholeOf } from "../tool/values.ts";

const options = {
  url: option("url", "", "where to publish: rtmp://HOST/APP/KEY"),
  file: option("file", "", "recording of `streamhub bench record`"),
  speed: option("speed", "1", "how much faster than it was: 0.5, 2, 10; max: as fast as the server reads"),
  timeout: option("timeout", "10s", "the longest that the connection may take to start"),
  chunkSize: option("chunk-size", 4096, "RTMP chunk size"),
  ownServer: option("i-own-this-server", false, "allow servers on other machines"),
  insecure: option("insecure", false, "rtmps: take any certificate"),
};

const FIGURES: FigureTable = {
  publish_ms: distribution("ms", "from the first packet to NetStream.Publish.Start", true),
  lag_ms: distribution("ms", "how late messages left", true),
  seconds: value("s", "it took", true),
  messages: value("", "messages sent", true),
  bytes: value("", "bytes of media sent", true),
  mbit_per_s: value("Mbit/s", "sent", true),
};

const TURN_MS = 5;
const MOST_BACKLOG = 1024 * 1024;

async function load(file: string): Promise<RecordedMessage[]> {
  if (file === "") throw new UsageError("--file says what to replay.");
  const bytes = await Bun.file(file)
    .bytes()
    .catch(() => {
      throw new UsageError(`${file} can't be read.`);
    });
  try {
    const { messages } = readRecording(bytes);
    if (messages.length === 0) throw new Error("There are no media in it.");
    return messages;
  } catch (error) {
    throw new UsageError(`${file} can't be replayed: ${(error as Error).message}`);
  }
}

function speedOf(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (!(speed >= 0.01 && speed <= 1_000)) throw new UsageError("--speed is 0.01 to 1000, or max.");
  return speed;
}

function send(client: RtmpClient, { kind, timestamp, body }: RecordedMessage, chunkSize: number): void {
  if (kind !== "script" || isMetadata(body)) {
    client.session.sendMedia(kind, timestamp, body);
    client.flush();
    return;
  }
  // Other data messages belong to a moment: they are not the stream's metadata.
  const message = { typeId: MessageType.dataAmf0, streamId: client.session.mediaStreamId, timestamp, payload: body };
  client.write(encodeMessage(message, Csid.data, chunkSize));
}

async function replay(
  client: RtmpClient,
  messages: readonly RecordedMessage[],
  speed: number,
  chunkSize: number,
  session: Session,
) {
  const { recorder } = session;
  const first = messages[0]!.at;
  const from = performance.now();
  for (const message of messages) {
    for (;;) {
      if (client.closed || session.stop.aborted) return;
      const wait = (message.at - first) / speed - (performance.now() - from);
      if (wait <= 0 && client.backlog <= MOST_BACKLOG) break;
      await Bun.sleep(Math.max(1, Math.min(wait, TURN_MS)));
    }
    send(client, message, chunkSize);
    recorder.count("messages", 1);
    recorder.count("bytes", message.body.length);
    if (speed !== Number.POSITIVE_INFINITY)
      recorder.observe("lag_ms", performance.now() - from - (message.at - first) / speed);
  }
  while (client.backlog > 0 && !client.closed && !session.stop.aborted) await Bun.sleep(1);
}

export const replayBench = makeTool({
  name: "replay",
  summary: "publishes a recorded session to any server, at any speed",
  more: "Example:\n  streamhub bench replay --file session.rec --url rtmp://127.0.0.1/live/KEY --speed 4",
  options,
  figures: FIGURES,
  columns: { mbit_per_s: { title: "sent", unit: "Mbit/s" }, messages: { title: "messages", unit: "" } },
  headline: ["mbit_per_s", "messages"],
  shown: ({ url }) => ({ url: shownUrl(url) }),
  // Nobody knows yet how long the recording is: a day at most.
  bound: (values) => {
    secondsOf("timeout", values.timeout, 0.1, 600);
    speedOf(values.speed);
    return 86_400;
  },
  async run(values, session) {
    const { target, name } = readRtmpUrl(values.url, values.insecure);
    refuseStranger(target.host, values.ownServer);
    const messages = await load(values.file);
    const speed = speedOf(values.speed);
    const { recorder } = session;
    let reason = "";
    const client = new RtmpClient({
      target,
      name,
      mode: "publish",
      chunkSize: wholeOf("chunk-size", values.chunkSize, 128, 65_536),
      timeoutMs: secondsOf("timeout", values.timeout, 0.1, 600) * 1_000,
      onClosed(why) {
        reason = why;
      },
    });
    session.defer(() => client.close());
    session.onSecond(() => ({
      mbit_per_s: (recorder.recentCount("bytes") * 8) / 1e6,
      messages: recorder.recentCount("messages"),
    }));
    try {
      await client.start();
    } catch (error) {
      throw new RunFailure(`${shownUrl(values.url)}: ${(error as Error).message}.`);
    }
    recorder.observe("publish_ms", client.stages.start);
    const from = performance.now();
    session.phase("replaying", (messages.at(-1)!.at - messages[0]!.at) / 1_000 / speed);
    await replay(client, messages, speed, values.chunkSize, session);
    const seconds = (performance.now() - from) / 1_000;
    recorder.value("seconds", seconds);
    recorder.value("mbit_per_s", (recorder.total("bytes") * 8) / 1e6 / seconds);
    if (client.closed && !session.stop.aborted) throw new RunFailure(`The replay was cut off: ${reason}.`);
    client.endPublish();
    await Bun.sleep(100);
  },
});
