/** N publishers in real time against any server: each message leaves when its timestamp says, one write per message, as encoders do. */
import { Csid } from "../../src/rtmp/chunk/csid.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { MessageType } from "../../src/rtmp/chunk/header.ts";
import { clockMessage, stampClock } from "../media/clock.ts";
import { stamp, type Timeline } from "../media/timeline.ts";
import type { Address } from "../tool/address.ts";
import { startPacer } from "./pacer.ts";
import type { Reporter } from "./reporter.ts";
import { RtmpClient } from "./rtmp-client.ts";

export interface PublishersTask {
  readonly kind: "publishers";
  readonly addresses: readonly Address[];
  /** Seconds after the start at which each connects. */
  readonly startAt: readonly number[];
  readonly source: string;
  readonly chunkSize: number;
  readonly timeoutMs: number;
  /** A message that leaves later than this is late. */
  readonly lateMs: number;
  readonly hasClock: boolean;
}

interface Publisher {
  due: number;
  readonly client: RtmpClient;
  readonly streamId: number;
  /** When the present loop began, on performance.now's clock; its media time. */
  loopStart: number;
  mediaStart: number;
  next: number;
  /** Media time from which on the next clock message goes. */
  clockDue: number;
  /** When it could not send any more; NaN while it can. */
  fullSince: number;
}

/** A sender that is this far behind waits until its socket takes bytes again: memory stays bounded, and frames get late. */
const MOST_BACKLOG = 256 * 1024;
const CLOCK_EVERY_MS = 500;

export interface Load {
  /** All have started or failed. */
  readonly ready: Promise<void>;
  /** On each report. */
  tell(): void;
  stop(): void;
}

/** The stages of a connection as times between them. */
export function reportStages(reporter: Reporter, { stages }: RtmpClient, start: string): void {
  reporter.observe("tcp_ms", stages.tcp);
  reporter.observe("handshake_ms", stages.handshake - stages.tcp);
  reporter.observe("connect_ms", stages.connect - stages.handshake);
  reporter.observe(start, stages.start);
}

export function startPublishers(task: PublishersTask, timeline: Timeline, reporter: Reporter): Load {
  const { addresses, startAt, chunkSize, timeoutMs, lateMs, hasClock } = task;
  const publishers = new Set<Publisher>();
  const timers: Timer[] = [];
  let isStopped = false;
  // Counted by hand: tens of thousands of messages leave in a second.
  const lags = reporter.histogram("lag_ms");
  const sent = { messages: 0, bytes: 0, frames: 0, late_frames: 0 };

  // Between two messages of its publisher: of all at once they would be a pause for everybody.
  const tellClock = (publisher: Publisher, timestamp: number): void => {
    publisher.clockDue = timestamp + CLOCK_EVERY_MS;
    const { client, streamId } = publisher;
    if (client.closed || client.backlog > 0) return;
    const payload = clockMessage(Date.now());
    client.write(encodeMessage({ typeId: MessageType.dataAmf0, streamId, timestamp, payload }, Csid.data, chunkSize));
  };

  const send = (publisher: Publisher): void => {
    const { client, streamId } = publisher;
    while (!client.closed) {
      const message = timeline.messages[publisher.next]!;
      // Looked at for each: what others of the same tick have taken is lag too.
      const lag = performance.now() - publisher.loopStart - message.at;
      if (lag < 0) {
        publisher.due = publisher.loopStart + message.at;
        pacer.add(publisher);
        return;
      }
      // Goes on when the socket has drained.
      if (client.backlog > MOST_BACKLOG) return;
      stamp(message.chunks, publisher.mediaStart + message.at, streamId);
      if (message.clockAt >= 0) stampClock(message.chunks, message.clockAt, Date.now());
      client.write(message.chunks);
      lags.add(lag);
      sent.messages++;
      sent.bytes += message.chunks.length;
      if (message.isVideo) sent.frames++;
      if (lag > lateMs) sent.late_frames++;
      if (publisher.clockDue <= publisher.mediaStart + message.at)
        tellClock(publisher, Math.floor(publisher.mediaStart + message.at));
      if (++publisher.next === timeline.messages.length) {
        publisher.next = 0;
        publisher.loopStart += timeline.duration;
        publisher.mediaStart += timeline.duration;
      }
    }
  };
  const pacer = startPacer<Publisher>(send);

  async function begin({ target, name }: Address, index: number): Promise<void> {
    let publisher: Publisher | null = null;
    const client = new RtmpClient({
      target,
      name,
      mode: "publish",
      chunkSize,
      timeoutMs,
      onFull() {
        reporter.count("stalls");
        if (publisher !== null) publisher.fullSince = performance.now();
      },
      onDrain() {
        if (publisher === null) return;
        const now = performance.now();
        if (!Number.isNaN(publisher.fullSince)) reporter.observe("stall_ms", now - publisher.fullSince);
        publisher.fullSince = Number.NaN;
        if (publisher.due <= now) send(publisher);
      },
      onClosed(reason) {
        reporter.reason(reason);
        reporter.count(publisher === null ? "failed" : "disconnects");
        if (publisher !== null) publishers.delete(publisher);
      },
    });
    if (isStopped) return;
    try {
      await client.start();
    } catch {
      return;
    }
    if (isStopped) return client.close();
    reportStages(reporter, client, "publish_ms");
    reporter.count("publishers");
    for (const tag of timeline.setup) client.session.sendMedia(tag.kind, 0, tag.body);
    client.flush();
    // Spread over one GOP at most, so that keyframes of all do not come at once.
    const spread = (Math.min(2_000, timeline.duration) * index) / Math.max(1, addresses.length);
    const loopStart = performance.now() + (startAt.length > 1 && startAt.at(-1)! > 0 ? 0 : spread);
    const streamId = client.session.mediaStreamId;
    publisher = {
      due: loopStart,
      client,
      streamId,
      loopStart,
      mediaStart: 0,
      next: 0,
      clockDue: hasClock ? 0 : Number.POSITIVE_INFINITY,
      fullSince: Number.NaN,
    };
    publishers.add(publisher);
    pacer.add(publisher);
    // What is measured from `ready` on is all of them.
    await Bun.sleep(Math.max(0, loopStart - performance.now()));
  }

  const begun = addresses.map((address, index) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.push(setTimeout(() => void begin(address, index).finally(resolve), (startAt[index] ?? 0) * 1_000));
    return promise;
  });
  return {
    ready: Promise.all(begun).then(() => {}),
    tell() {
      for (const [name, count] of Object.entries(sent)) reporter.count(name, count);
      Object.assign(sent, { messages: 0, bytes: 0, frames: 0, late_frames: 0 });
      reporter.gauge("live", publishers.size);
      let backlog = 0;
      for (const { client } of publishers) backlog += client.backlog;
      reporter.gauge("backlog", backlog);
    },
    stop() {
      isStopped = true;
      pacer.stop();
      for (const timer of timers) clearTimeout(timer);
      for (const { client } of publishers) {
        if (client.closed) continue;
        client.endPublish();
        client.close();
      }
    },
  };
}
