/** Publishes ready-made FLV tags by our own RTMP client, in real time and over and over: for what the ffmpeg of this machine can't send (E-RTMP). */
import { makeMediaTag } from "@streamhub/ingest/live/media-tag";
import type { FlvTag } from "@streamhub/ingest/remux/testing/flv";
import { ms } from "../../ingest/src/bytes/units.ts";
import { openClient } from "../../ingest/test/server/rtmp-client.ts";
import { until } from "./server.ts";

export interface TagPublisher {
  stop(): Promise<void>;
}

/** How often the clock is looked at. */
const TICK_MS = 10;

/** `tags`: of whole GOPs, with timestamps from 0; `seconds`: how long they are, which is when they begin again. Resolves when the server has said yes. */
export async function publishTags(
  port: number,
  streamKey: string,
  tags: readonly FlvTag[],
  seconds: number,
): Promise<TagPublisher> {
  const client = await openClient(port, { mode: "publish", name: streamKey });
  await until("the server lets the encoder in", async () => client.session.state === "started" || client.isClosed());
  if (client.isClosed()) throw new Error("the server sent the encoder away");
  const isConfig = ({ kind, timestamp, body }: FlvTag): boolean =>
    kind === "script" || makeMediaTag(kind, ms(timestamp), body)?.isConfig === true;
  const frames = tags.filter((tag) => !isConfig(tag)).toSorted((a, b) => a.timestamp - b.timestamp);
  for (const { kind, body } of tags.filter(isConfig)) client.send(kind, 0, body);
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (;;) {
      const { kind, timestamp, body } = frames[sent % frames.length]!;
      const at = Math.floor(sent / frames.length) * seconds * 1000 + timestamp;
      if (client.isClosed() || at > performance.now() - startedAt) return;
      client.send(kind, at, body);
      sent++;
    }
  }, TICK_MS);
  return {
    async stop() {
      clearInterval(timer);
      client.unpublish();
      await until("the server takes note of the end", async () => client.isClosed());
      client[Symbol.dispose]();
    },
  };
}
