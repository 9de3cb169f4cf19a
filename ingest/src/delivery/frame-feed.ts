/**
 * A broadcast frame by frame, for players with media source extensions that want to be less than a second behind: over WebSocket, a text message
 * `{"tracks":[{"id":0,"kind":"video","codecs":"avc1…"},…]}`, then binary messages of one byte track id and an init segment or a CMAF fragment of
 * one frame. A new text message comes when the tracks change; fragments of the tracks before are over then.
 */
import { chunkSize, writeChunk } from "../packager/chunk.ts";
import type { Frame } from "../packager/frame.ts";
import { TRACK_ID } from "../packager/init-segment.ts";
import type { EpochInfo, EpochTrack } from "../packager/segment.ts";

/** The sending half of a WebSocket. */
export interface FrameSocket {
  send(message: string | Uint8Array): unknown;
  getBufferedAmount(): number;
  close(code: number, reason: string): void;
}

export interface FrameFeed {
  onFrame(rendition: string, frame: Frame, epoch: EpochInfo): void;
  /** The socket gets the tracks and the GOP in progress at once, then each frame. Returns the way out. */
  join(socket: FrameSocket): () => void;
  /** The broadcast is over. */
  end(): void;
  readonly viewers: number;
}

interface Kept {
  readonly track: number;
  readonly frame: Frame;
  message: Uint8Array | null;
}

interface Viewer {
  readonly socket: FrameSocket;
  /** Nothing is sent to it until a picture that can be decoded alone, once it has read what it has. */
  isBehind: boolean;
}

/** A viewer whose socket holds more than this skips to the next keyframe, and is sent away when it still holds as much then. */
const MAX_BUFFERED = 2 * 1024 * 1024;
/** Sound alone has no GOPs: who joins gets the last second or so. */
const MAX_SOUND_FRAMES = 50;
/** A GOP longer than this is not kept: who joins waits for the next keyframe. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

/** Players of frames get what the encoder sent: there is no rate to choose. */
const isSource = ({ rendition, track }: EpochTrack): boolean => rendition === track.kind;

export function makeFrameFeed(): FrameFeed {
  const viewers = new Set<Viewer>();
  let epoch: EpochInfo | null = null;
  /** Its tracks, by the id that viewers know. */
  let sources: readonly EpochTrack[] = [];
  let kept: Kept[] = [];
  let keptBytes = 0;
  let sequence = 1;
  let hasEnded = false;

  function messageOf(item: Kept): Uint8Array {
    if (item.message !== null) return item.message;
    const frames = [item.frame];
    const message = new Uint8Array(1 + chunkSize(frames));
    message[0] = item.track;
    writeChunk(message, 1, TRACK_ID[sources[item.track]!.track.kind], sequence++, frames);
    item.message = message;
    return message;
  }

  function introduce(socket: FrameSocket): void {
    const list = sources.map(({ track: { kind, codecs } }, id) => ({ id, kind, codecs }));
    socket.send(JSON.stringify({ tracks: list }));
    for (const [id, { init }] of sources.entries()) {
      const message = new Uint8Array(1 + init.length);
      message[0] = id;
      message.set(init, 1);
      socket.send(message);
    }
  }

  function begin(next: EpochInfo): void {
    epoch = next;
    sources = next.tracks.filter(isSource);
    kept = [];
    keptBytes = 0;
    for (const { socket } of viewers) introduce(socket);
  }

  /** False: the viewer is not given this frame. */
  function mayHave(viewer: Viewer, isStart: boolean): boolean {
    const isFull = viewer.socket.getBufferedAmount() > MAX_BUFFERED;
    if (viewer.isBehind && isStart && isFull) {
      viewers.delete(viewer);
      viewer.socket.close(TRY_AGAIN_LATER, "The connection is too slow for this broadcast.");
      return false;
    }
    if (isFull) viewer.isBehind = true;
    else if (isStart) viewer.isBehind = false;
    return !viewer.isBehind;
  }

  return {
    onFrame(rendition, frame, info) {
      if (hasEnded) return;
      if (epoch !== info) begin(info);
      const track = sources.findIndex((each) => each.rendition === rendition);
      if (track < 0) return;
      const hasPictures = sources.some((each) => each.track.kind === "video");
      const isStart = frame.isSync && (!hasPictures || sources[track]!.track.kind === "video");
      if (isStart && (hasPictures || kept.length >= MAX_SOUND_FRAMES)) {
        kept = hasPictures ? [] : kept.slice(-MAX_SOUND_FRAMES / 2);
        keptBytes = 0;
      }
      const item: Kept = { track, frame, message: null };
      keptBytes += frame.data.length;
      if (keptBytes > MAX_KEPT_BYTES) kept = [];
      else if (kept.length > 0 || isStart) kept.push(item);
      for (const viewer of viewers) if (mayHave(viewer, isStart)) viewer.socket.send(messageOf(item));
    },
    join(socket) {
      if (hasEnded) {
        socket.close(GOING_AWAY, "The broadcast is over.");
        return () => {};
      }
      const viewer: Viewer = { socket, isBehind: kept.length === 0 };
      viewers.add(viewer);
      if (epoch !== null) introduce(socket);
      for (const item of kept) socket.send(messageOf(item));
      return () => viewers.delete(viewer);
    },
    end() {
      hasEnded = true;
      kept = [];
      for (const { socket } of viewers) socket.close(GOING_AWAY, "The broadcast is over.");
      viewers.clear();
    },
    get viewers() {
      return viewers.size;
    },
  };
}
