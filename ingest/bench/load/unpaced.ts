/** A fixed amount of media as fast as the server takes it, over one or more connections. */
import { StatusCode } from "../../src/rtmp/command/status.ts";
import { stamp, type Timeline } from "../media/timeline.ts";
import { RtmpClient, type Target } from "./rtmp-client.ts";

export interface UnpacedOptions {
  readonly target: Target;
  readonly timeline: Timeline;
  readonly connections: number;
  /** Over all connections. */
  readonly bytes: number;
  readonly prefix: string;
  readonly chunkSize: number;
}

/** Bytes per write. */
const PIECE = 256 * 1024;

interface Loop {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
}

function joinLoop(timeline: Timeline): Loop {
  const bytes = new Uint8Array(timeline.bytes);
  const offsets: number[] = [];
  let at = 0;
  for (const { chunks } of timeline.messages) {
    bytes.set(chunks, at);
    offsets.push(at);
    at += chunks.length;
  }
  return { bytes, offsets };
}

/** Sends whole pieces until `quota` bytes are gone; the socket's own pace is the only one. */
function pump(client: RtmpClient, timeline: Timeline, quota: number): { step: () => void; sent: Promise<void> } {
  // A loop per connection: its timestamps are rewritten at each turn, while others are elsewhere in theirs.
  const { bytes, offsets } = joinLoop(timeline);
  const done = Promise.withResolvers<void>();
  const streamId = client.session.mediaStreamId;
  let at = 0;
  let sent = 0;
  let mediaStart = 0;
  const restamp = () => {
    offsets.forEach((offset, index) => {
      stamp(bytes, mediaStart + timeline.messages[index]!.at, streamId, offset);
    });
  };
  restamp();
  const step = () => {
    while (client.backlog === 0 && sent < quota && !client.closed) {
      const end = Math.min(bytes.length, at + PIECE);
      client.write(bytes.subarray(at, end));
      sent += end - at;
      at = end;
      if (at === bytes.length) {
        at = 0;
        mediaStart += timeline.duration;
        restamp();
      }
    }
    if (sent >= quota && client.backlog === 0) done.resolve();
  };
  return { step, sent: done.promise };
}

/** How long to wait for the server's word that it has read to the end. */
const END_TIMEOUT = 3_000;

/** Resolves when the server has read everything: the orderly end behind the last byte is answered with Unpublish.Success. */
export async function runUnpaced(options: UnpacedOptions): Promise<{ seconds: number; bytes: number }> {
  const { target, timeline, connections, chunkSize, prefix } = options;
  const quota = options.bytes / connections;
  const clients: { client: RtmpClient; ended: Promise<void>; step: () => void; sent: Promise<void> }[] = [];
  for (let number = 0; number < connections; number++) {
    const ended = Promise.withResolvers<void>();
    let step = () => {};
    const client = new RtmpClient({
      target,
      name: `${prefix}${number}`,
      mode: "publish",
      chunkSize,
      onDrain: () => step(),
      onStatus: (code) => {
        if (code === StatusCode.unpublishSuccess) ended.resolve();
      },
      onClosed: () => ended.resolve(),
    });
    await client.start();
    for (const tag of timeline.setup) client.session.sendMedia(tag.kind, 0, tag.body);
    client.flush();
    const pumped = pump(client, timeline, quota);
    step = pumped.step;
    clients.push({ client, ended: ended.promise, step: pumped.step, sent: pumped.sent });
  }
  const start = performance.now();
  for (const { step } of clients) step();
  await Promise.all(clients.map(({ sent, ended }) => Promise.race([sent, ended])));
  const failed = clients.filter(({ client }) => client.closed).length;
  if (failed > 0) throw new Error(`${failed} of ${connections} connections were closed by the server in mid-stream.`);
  const seconds = (performance.now() - start) / 1_000;
  for (const { client } of clients) client.endPublish();
  await Promise.race([Promise.all(clients.map(({ ended }) => ended)), Bun.sleep(END_TIMEOUT)]);
  for (const { client } of clients) client.close();
  return { seconds, bytes: quota * connections };
}
