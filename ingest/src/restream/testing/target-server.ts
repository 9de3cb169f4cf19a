/** A service that does to those who publish what a test wants: accepts, refuses, never answers, does not read. */
import type { Socket } from "bun";
import { type Status, StatusCode } from "../../rtmp/command/status.ts";
import { DEFAULT_SESSION_LIMITS } from "../../rtmp/limits.ts";
import type { MediaEvent } from "../../rtmp/session/events.ts";
import { ServerSession } from "../../rtmp/session/server.ts";
import { nodeHandshakeCrypto } from "../../server/listener.ts";
import { WriteQueue } from "../../server/write-queue.ts";

export interface TargetServer extends Disposable {
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
  readonly keys: string[];
  readonly media: MediaEvent[];
  /** How often a publisher said that it ends. */
  readonly ended: () => number;
  /** What becomes of the next publish. Default: `accept`. */
  behave(how: "accept" | "refuse" | "silent"): void;
  /** Reads no more, or again. */
  pause(isPaused: boolean): void;
  /** Closes every connection. */
  closeAll(): void;
}

const BAD_NAME: Status = {
  level: "error",
  code: StatusCode.publishBadName,
  description: "No stream goes by the name of secret-key.",
};

export function startTarget(options: { tls?: { cert: string; key: string }; port?: number } = {}): TargetServer {
  const keys: string[] = [];
  const media: MediaEvent[] = [];
  const sockets = new Set<Socket<{ session: ServerSession; queue: WriteQueue }>>();
  let connections = 0;
  let ended = 0;
  let how: "accept" | "refuse" | "silent" = "accept";
  const server = Bun.listen<{ session: ServerSession; queue: WriteQueue }>({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    socket: {
      open(socket) {
        connections++;
        sockets.add(socket);
        const session = new ServerSession({
          crypto: nodeHandshakeCrypto,
          limits: DEFAULT_SESSION_LIMITS,
          chunkSize: 4096,
          apps: null,
        });
        socket.data = { session, queue: new WriteQueue(socket) };
      },
      data(socket, bytes) {
        if (how === "silent") return;
        const { session, queue } = socket.data;
        const events = session.receive(bytes, []);
        for (let event = events.shift(); event !== undefined; event = events.shift()) {
          if (event.type === "media") media.push({ ...event, payload: new Uint8Array(event.payload) });
          if (event.type === "publish-ended") ended++;
          if (event.type !== "publish-requested") continue;
          keys.push(event.key);
          if (how === "accept") events.push(...session.accept(event.streamId));
          else session.reject(event.streamId, BAD_NAME);
        }
        queue.write(session.output());
      },
      drain: (socket) => void socket.data.queue.drain(),
      close: (socket) => void sockets.delete(socket),
      error: () => {},
    },
  });
  return {
    port: server.port,
    connections: () => connections,
    keys,
    media,
    ended: () => ended,
    behave: (next) => {
      how = next;
    },
    pause(isPaused) {
      for (const socket of sockets)
        if (isPaused) socket.pause();
        else socket.resume();
    },
    closeAll() {
      for (const socket of sockets) socket.terminate();
    },
    [Symbol.dispose]() {
      server.stop(true);
    },
  };
}
