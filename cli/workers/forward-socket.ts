/** A viewer's WebSocket whose other end is another worker's. Viewers only listen, so what they send goes no further. */
import type { Socket, SocketSession } from "@streamhub/api/sockets";

const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
/** Codes that may be sent (RFC 6455 §7.4): others say that none was. */
const isSayable = (code: number): boolean => code >= 1000 && ![1004, 1005, 1006, 1015].includes(code);

export interface FarSocket {
  readonly socket: WebSocket;
  /** What came before anybody listened. */
  readonly early: (string | Uint8Array)[];
  onMessage: ((message: string | Uint8Array) => void) | null;
  onClose: ((code: number, reason: string) => void) | null;
}

/** Null: it was not opened. */
export function farSocket(url: string, headers: Headers, withinMs: number): Promise<FarSocket | null> {
  const opened = Promise.withResolvers<FarSocket | null>();
  const socket = new WebSocket(url, { headers: Object.fromEntries(headers) });
  socket.binaryType = "arraybuffer";
  const far: FarSocket = { socket, early: [], onMessage: null, onClose: null };
  const timer = setTimeout(() => socket.close(), withinMs);
  socket.onopen = () => {
    clearTimeout(timer);
    opened.resolve(far);
  };
  socket.onmessage = ({ data }) => {
    const message = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
    if (far.onMessage === null) far.early.push(message);
    else far.onMessage(message);
  };
  socket.onclose = ({ code, reason }) => {
    clearTimeout(timer);
    opened.resolve(null);
    far.onClose?.(code, reason);
  };
  // A close follows.
  socket.onerror = () => {};
  return opened.promise;
}

export function relaySession(far: FarSocket, maxBehind: number): SocketSession {
  return {
    open(near: Socket) {
      const pass = (message: string | Uint8Array): void => {
        near.send(message);
        if (near.getBufferedAmount() > maxBehind) near.close(TRY_AGAIN_LATER, "The reader is too slow.");
      };
      for (const message of far.early.splice(0)) pass(message);
      far.onMessage = pass;
      far.onClose = (code, reason) => near.close(isSayable(code) ? code : GOING_AWAY, reason);
      if (far.socket.readyState === WebSocket.CLOSED) near.close(GOING_AWAY);
    },
    message() {},
    drain() {},
    close() {
      far.onMessage = () => {};
      far.onClose = null;
      far.socket.close();
    },
  };
}
