/** N publishers as fast as the server reads, for as long as it lasts: all share one loop of media, stamped just before each write. */
import { stamp, type Timeline } from "../media/timeline.ts";
import type { Load, PublishersTask } from "./publishers.ts";
import { reportStages } from "./publishers.ts";
import type { Reporter } from "./reporter.ts";
import { RtmpClient } from "./rtmp-client.ts";

export type FloodTask = Omit<PublishersTask, "kind" | "lateMs"> & { readonly kind: "flood" };

/** Whole messages of about this many bytes leave in one write. */
const PIECE = 256 * 1024;
/** Writes of one connection before others have their turn. */
const TURN = 8;

interface Piece {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
  readonly times: readonly number[];
  readonly frames: number;
}

function makePieces({ messages }: Timeline): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (let size = 0, at = 0; at < messages.length; at++) {
    size += messages[at]!.chunks.length;
    if (size < PIECE && at < messages.length - 1) continue;
    const part = messages.slice(from, at + 1);
    const bytes = new Uint8Array(size);
    const offsets: number[] = [];
    let place = 0;
    for (const { chunks } of part) {
      bytes.set(chunks, place);
      offsets.push(place);
      place += chunks.length;
    }
    const frames = part.filter(({ isVideo }) => isVideo).length;
    pieces.push({ bytes, offsets, times: part.map(({ at: time }) => time), frames });
    from = at + 1;
    size = 0;
  }
  return pieces;
}

export function startFlood(task: FloodTask, timeline: Timeline, reporter: Reporter): Load {
  const { addresses, startAt, chunkSize, timeoutMs } = task;
  const pieces = makePieces(timeline);
  const clients = new Set<RtmpClient>();
  const timers: Timer[] = [];
  let isStopped = false;

  async function begin(index: number): Promise<void> {
    const { target, name } = addresses[index]!;
    let isStarted = false;
    let next = 0;
    let mediaStart = 0;
    let streamId = 0;
    const pump = (): void => {
      for (let turn = 0; turn < TURN && client.backlog === 0 && !client.closed && !isStopped; turn++) {
        const { bytes, offsets, times, frames } = pieces[next]!;
        for (const [at, offset] of offsets.entries()) stamp(bytes, mediaStart + times[at]!, streamId, offset);
        client.write(bytes);
        reporter.count("bytes", bytes.length);
        reporter.count("frames", frames);
        reporter.count("messages", offsets.length);
        if (++next < pieces.length) continue;
        next = 0;
        mediaStart += timeline.duration;
      }
      // The socket took all of a turn: others first.
      if (client.backlog === 0 && !client.closed && !isStopped) setImmediate(pump);
    };
    const client = new RtmpClient({
      target,
      name,
      mode: "publish",
      chunkSize,
      timeoutMs,
      onDrain() {
        if (isStarted) pump();
      },
      onClosed(reason) {
        reporter.reason(reason);
        reporter.count(isStarted ? "disconnects" : "failed");
        clients.delete(client);
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
    clients.add(client);
    for (const tag of timeline.setup) client.session.sendMedia(tag.kind, 0, tag.body);
    client.flush();
    streamId = client.session.mediaStreamId;
    isStarted = true;
    pump();
  }

  const begun = addresses.map((_, index) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.push(setTimeout(() => void begin(index).finally(resolve), (startAt[index] ?? 0) * 1_000));
    return promise;
  });
  return {
    ready: Promise.all(begun).then(() => {}),
    tell() {
      reporter.gauge("live", clients.size);
      let backlog = 0;
      for (const client of clients) backlog += client.backlog;
      reporter.gauge("backlog", backlog);
    },
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const client of clients) {
        client.endPublish();
        client.close();
      }
    },
  };
}
