/** N publishers in real time: each message leaves when its timestamp says, one write per message, as encoders do. */
import { stamp, type Timeline } from "../media/timeline.ts";
import { RtmpClient, type Target } from "./rtmp-client.ts";

export interface PacedOptions {
  readonly target: Target;
  readonly timeline: Timeline;
  readonly publishers: number;
  readonly prefix: string;
  readonly chunkSize: number;
  /** Milliseconds between looks at the clock. */
  readonly tickMs: number;
  readonly onClosed: (name: string, reason: string) => void;
}

interface Stream {
  readonly client: RtmpClient;
  readonly streamId: number;
  /** When the present loop began, on performance.now's clock. */
  loopStart: number;
  /** Media time of the present loop's start. */
  mediaStart: number;
  next: number;
}

/** Send lag in tenths of a millisecond, up to 100 ms. */
const LAG_BUCKETS = 1_001;

export interface PacedCounters {
  readonly messages: number;
  readonly bytes: number;
  /** Milliseconds behind the clock at which messages left. */
  readonly lagP50: number;
  readonly lagP99: number;
  readonly lagMax: number;
  readonly backlog: number;
}

export interface PacedLoad {
  readonly connected: number;
  /** Since the last call. */
  takeCounters(): PacedCounters;
  stop(): void;
}

function lagPercentile(buckets: Uint32Array, total: number, percent: number): number {
  let left = (total * percent) / 100;
  for (let at = 0; at < buckets.length; at++) {
    left -= buckets[at]!;
    if (left <= 0) return at / 10;
  }
  return (buckets.length - 1) / 10;
}

/** Connects all publishers one after the other, then sends until `stop`. Phases are spread over two seconds. */
export async function startPaced(options: PacedOptions): Promise<PacedLoad> {
  const { timeline, publishers, target, prefix, chunkSize } = options;
  const streams: Stream[] = [];
  for (let number = 0; number < publishers; number++) {
    const name = `${prefix}${number}`;
    const onClosed = (reason: string) => options.onClosed(name, reason);
    const client = new RtmpClient({ target, name, mode: "publish", chunkSize, onClosed });
    await client.start();
    for (const tag of timeline.setup) client.session.sendMedia(tag.kind, 0, tag.body);
    client.flush();
    const loopStart = performance.now() + (2_000 * number) / publishers;
    streams.push({ client, streamId: client.session.mediaStreamId, loopStart, mediaStart: 0, next: 0 });
  }

  const lags = new Uint32Array(LAG_BUCKETS);
  let messages = 0;
  let bytes = 0;
  let lagMax = 0;
  const sendDue = (stream: Stream, now: number): void => {
    for (;;) {
      const message = timeline.messages[stream.next]!;
      const lag = now - stream.loopStart - message.at;
      if (lag < 0) return;
      stamp(message.chunks, stream.mediaStart + message.at, stream.streamId);
      stream.client.write(message.chunks);
      messages++;
      bytes += message.chunks.length;
      if (lag > lagMax) lagMax = lag;
      const bucket = Math.min(LAG_BUCKETS - 1, Math.round(lag * 10));
      lags[bucket] = lags[bucket]! + 1;
      if (++stream.next === timeline.messages.length) {
        stream.next = 0;
        stream.loopStart += timeline.duration;
        stream.mediaStart += timeline.duration;
      }
    }
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (const stream of streams) if (!stream.client.closed) sendDue(stream, now);
  }, options.tickMs);

  return {
    connected: streams.length,
    takeCounters() {
      const backlog = streams.reduce((sum, stream) => sum + stream.client.backlog, 0);
      const lagP50 = lagPercentile(lags, messages, 50);
      const lagP99 = lagPercentile(lags, messages, 99);
      const taken = { messages, bytes, lagP50, lagP99, lagMax, backlog };
      lags.fill(0);
      messages = bytes = lagMax = 0;
      return taken;
    },
    stop() {
      clearInterval(timer);
      for (const { client } of streams) {
        if (client.closed) continue;
        client.endPublish();
        client.close();
      }
    },
  };
}
