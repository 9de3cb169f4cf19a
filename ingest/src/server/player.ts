/** A broadcast's sink that is an RTMP player's socket. */
import type { Milliseconds } from "../bytes/units.ts";
import type { LiveBroadcast } from "../live/broadcast.ts";
import { encodeTag, fanOutOf, joined, makeReceiver, SHARED_STREAM_ID } from "./fan-out.ts";

export interface PlayerOptions {
  readonly broadcast: LiveBroadcast;
  readonly streamId: number;
  readonly chunkSize: number;
  /** How long a message may wait for others where players are many. */
  readonly delay: Milliseconds;
  readonly write: (bytes: Uint8Array) => void;
  readonly onEnd: () => void;
}

export interface Player {
  setPaused(paused: boolean): void;
  stop(): void;
}

/**
 * Begins with metadata, configurations and the GOP in progress: the first frame is a keyframe, at once. Where no GOP is cached (it
 * was too large, or the publisher has not sent a keyframe yet) video waits for the next keyframe.
 */
export function startPlayer({ broadcast, streamId, chunkSize, delay, write, onEnd }: PlayerOptions): Player {
  const fanOut = fanOutOf(broadcast, chunkSize, delay);
  const receiver = makeReceiver(write);
  let paused = false;
  let unsubscribe = () => {};
  const subscribe = () => {
    let decodable = false;
    // Null when it is live: what is replayed at the beginning goes in one write.
    let replayed: Uint8Array[] | null = [];
    const leave = broadcast.subscribe({
      keepsNothing: true,
      onTag(tag) {
        if (paused) return;
        if (!decodable && tag.kind === "video" && !tag.isConfig && !tag.isControl) {
          if (!tag.isKeyframe) return;
          decodable = true;
        }
        if (replayed !== null) replayed.push(encodeTag(tag, streamId, chunkSize));
        else if (streamId !== SHARED_STREAM_ID) write(encodeTag(tag, streamId, chunkSize));
        // Before its first keyframe a player leaves out what others get: it can't have a piece of their batch.
        else if (decodable) fanOut.send(tag, receiver);
        else write(fanOut.encode(tag));
      },
      onEnd() {
        fanOut.flush();
        fanOut.remove(receiver);
        onEnd();
      },
    });
    if (replayed.length > 0)
      write(
        joined(
          replayed,
          replayed.reduce((sum, { length }) => sum + length, 0),
        ),
      );
    replayed = null;
    fanOut.add(receiver);
    return () => {
      fanOut.remove(receiver);
      leave();
    };
  };
  unsubscribe = subscribe();
  return {
    setPaused(next) {
      if (next === paused) return;
      fanOut.flush();
      paused = next;
      // Live goes on meanwhile: who resumes joins anew at the GOP in progress.
      unsubscribe();
      if (!paused) unsubscribe = subscribe();
    },
    stop: () => unsubscribe(),
  };
}
