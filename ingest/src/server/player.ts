/** A broadcast's sink that is an RTMP player's socket. */
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { Csid } from "../rtmp/chunk/csid.ts";
import { encodeMessage } from "../rtmp/chunk/encoder.ts";
import { MessageType } from "../rtmp/chunk/header.ts";

/**
 * Every player gets message stream id 1 as its first and the server's one chunk size, so the chunks of a tag are encoded once for all of
 * them. Keyed by tag: gone with it.
 */
const encoded = new WeakMap<MediaTag, Uint8Array>();
const SHARED_STREAM_ID = 1;

function encodeTag(tag: MediaTag, streamId: number, chunkSize: number): Uint8Array {
  const typeId =
    tag.kind === "video" ? MessageType.video : tag.kind === "audio" ? MessageType.audio : MessageType.dataAmf0;
  const csid = tag.kind === "video" ? Csid.video : tag.kind === "audio" ? Csid.audio : Csid.data;
  return encodeMessage({ typeId, streamId, timestamp: tag.timestamp >>> 0, payload: tag.payload }, csid, chunkSize);
}

function chunksOf(tag: MediaTag, streamId: number, chunkSize: number): Uint8Array {
  if (streamId !== SHARED_STREAM_ID) return encodeTag(tag, streamId, chunkSize);
  let bytes = encoded.get(tag);
  if (bytes === undefined) {
    bytes = encodeTag(tag, streamId, chunkSize);
    encoded.set(tag, bytes);
  }
  return bytes;
}

export interface PlayerOptions {
  readonly broadcast: LiveBroadcast;
  readonly streamId: number;
  readonly chunkSize: number;
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
export function startPlayer({ broadcast, streamId, chunkSize, write, onEnd }: PlayerOptions): Player {
  let paused = false;
  let unsubscribe = () => {};
  const subscribe = () => {
    let decodable = false;
    return broadcast.subscribe({
      keepsNothing: true,
      onTag(tag) {
        if (paused) return;
        if (!decodable && tag.kind === "video" && !tag.isConfig && !tag.isControl) {
          if (!tag.isKeyframe) return;
          decodable = true;
        }
        write(chunksOf(tag, streamId, chunkSize));
      },
      onEnd,
    });
  };
  unsubscribe = subscribe();
  return {
    setPaused(next) {
      if (next === paused) return;
      paused = next;
      // Live goes on meanwhile: who resumes joins anew at the GOP in progress.
      unsubscribe();
      if (!paused) unsubscribe = subscribe();
    },
    stop: () => unsubscribe(),
  };
}
