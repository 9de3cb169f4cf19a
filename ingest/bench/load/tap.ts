/**
 * Stands between an encoder and a server, hands every byte on as it is, and reads along: media messages of publishers go to `onMessage`.
 * Whatever it can't read it still hands on.
 */
import type { Socket } from "bun";
import { DEFAULT_SESSION_LIMITS } from "../../src/rtmp/limits.ts";
import { ServerSession } from "../../src/rtmp/session/server.ts";
import { nodeHandshakeCrypto } from "../../src/server/listener.ts";
import type { RecordedMessage } from "./recording-file.ts";

export interface TapOptions {
  readonly port: number;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly onPublish: (app: string, encoder: string) => void;
  readonly onMessage: (message: Omit<RecordedMessage, "at">) => void;
  readonly onEnd: (reason: string) => void;
}

export interface Tap extends Disposable {
  readonly port: number;
}

interface Side {
  socket: Socket<Side> | null;
  other: Side | null;
  pending: Uint8Array[];
  queued: number;
  isOver: boolean;
  readonly seen: (bytes: Uint8Array) => void;
  readonly ended: (error: string | null) => void;
}

/** Bytes kept for a side that does not read: the other is paused beyond. */
const MOST_QUEUED = 1024 * 1024;

function send(side: Side, bytes: Uint8Array): void {
  const taken = side.socket === null || side.queued > 0 ? 0 : Math.max(0, side.socket.write(bytes));
  if (taken === bytes.length) return;
  side.pending.push(bytes.slice(taken));
  side.queued += bytes.length - taken;
  if (side.queued > MOST_QUEUED) side.other?.socket?.pause();
}

function drain(side: Side): void {
  while (side.pending.length > 0) {
    const head = side.pending[0]!;
    const taken = Math.max(0, side.socket!.write(head));
    side.queued -= taken;
    if (taken < head.length) {
      side.pending[0] = head.subarray(taken);
      return;
    }
    side.pending.shift();
  }
  side.other?.socket?.resume();
  if (side.isOver) side.socket?.end();
}

function end(side: Side, error: string | null): void {
  const { other } = side;
  side.ended(error);
  if (other === null || other.isOver) return;
  other.isOver = true;
  if (other.queued === 0) other.socket?.end();
}

const handlers = {
  open(socket: Socket<Side>) {
    socket.data.socket = socket;
    drain(socket.data);
  },
  data(socket: Socket<Side>, bytes: Buffer) {
    socket.data.seen(bytes);
    if (socket.data.other !== null) send(socket.data.other, bytes);
  },
  drain: (socket: Socket<Side>) => drain(socket.data),
  close: (socket: Socket<Side>) => end(socket.data, null),
  error: (socket: Socket<Side>, error: Error) => end(socket.data, error.message),
};

/** Reads what an encoder sends as a server would, and answers nothing. */
function makeReader({ onPublish, onMessage }: TapOptions): (bytes: Uint8Array) => void {
  const session = new ServerSession({
    crypto: nodeHandshakeCrypto,
    chunkSize: 4_096,
    limits: DEFAULT_SESSION_LIMITS,
    apps: null,
  });
  let isReadable = true;
  return (bytes) => {
    if (!isReadable) return;
    try {
      // Views of the socket's bytes outlive this call.
      const events = session.receive(new Uint8Array(bytes));
      for (let at = 0; at < events.length; at++) {
        const event = events[at]!;
        if (event.type === "publish-requested") {
          onPublish(event.app, session.request?.flashVer ?? "");
          session.accept(event.streamId, events);
        } else if (event.type === "play-requested") session.accept(event.streamId, events);
        else if (event.type === "media")
          onMessage({ kind: event.kind, timestamp: event.timestamp, body: event.payload });
      }
      session.output();
    } catch {
      isReadable = false;
    }
  };
}

export function startTap(options: TapOptions): Tap {
  const { port, upstream, onEnd } = options;
  const server = Bun.listen<Side>({
    hostname: "127.0.0.1",
    port,
    socket: {
      ...handlers,
      open(socket) {
        const far: Side = {
          socket: null,
          other: null,
          pending: [],
          queued: 0,
          isOver: false,
          seen() {},
          ended: (error) => onEnd(error ?? "the server closed the connection"),
        };
        const near: Side = {
          socket,
          other: far,
          pending: [],
          queued: 0,
          isOver: false,
          seen: makeReader(options),
          ended: (error) => onEnd(error ?? "the encoder closed the connection"),
        };
        far.other = near;
        socket.data = near;
        Bun.connect<Side>({ hostname: upstream.host, port: upstream.port, data: far, socket: handlers }).catch(() => {
          onEnd(`nothing listens on ${upstream.host}:${upstream.port}`);
          socket.end();
        });
      },
    },
  });
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) };
}
