/** Media over WebSocket: CMAF frame by frame, or FLV. */
import type { Broadcast } from "../live/broadcast.ts";
import { sendFlv } from "./flv-stream.ts";
import type { FrameFeed } from "./frame-feed.ts";
import { presence } from "./presence.ts";

/** What is needed of a server's WebSocket. */
export interface MediaSocket {
  send(message: string | Uint8Array): unknown;
  getBufferedAmount(): number;
  close(code?: number, reason?: string): void;
}

export interface MediaSession {
  open(socket: MediaSocket): void;
  message(): void;
  drain(): void;
  close(): void;
}

/** The front door's way to make a WebSocket of a request. */
export interface MediaSockets {
  /** False: it can't be one. */
  upgrade(request: Request, session: MediaSession): boolean;
}

const MAX_FLV_BUFFERED = 8 * 1024 * 1024;
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

export function frameSession(feed: FrameFeed, onPresence: () => void, onLeave = () => {}): MediaSession {
  let leave = () => {};
  let gone = () => {};
  return {
    open(socket) {
      leave = feed.join(socket);
      gone = presence(onPresence);
    },
    message() {},
    drain() {},
    close() {
      leave();
      gone();
      onLeave();
    },
  };
}

export function flvSession(broadcast: Broadcast, onPresence: () => void, onLeave = () => {}): MediaSession {
  let leave = () => {};
  let gone = () => {};
  return {
    open(socket) {
      gone = presence(onPresence);
      let isOpen = true;
      const end = (code: number, reason: string): void => {
        if (!isOpen) return;
        isOpen = false;
        leave();
        socket.close(code, reason);
      };
      leave = sendFlv(
        broadcast,
        (bytes) => {
          if (!isOpen) return;
          socket.send(bytes);
          if (socket.getBufferedAmount() > MAX_FLV_BUFFERED) end(TRY_AGAIN_LATER, "The reader is too slow.");
        },
        () => end(GOING_AWAY, "The broadcast is over."),
      );
    },
    message() {},
    drain() {},
    close() {
      leave();
      gone();
      onLeave();
    },
  };
}
