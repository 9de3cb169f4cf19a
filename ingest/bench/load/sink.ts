/** A server that lets every publisher in and throws all away unread: what a load generator can do at most is measured against it. */
import type { Socket } from "bun";
import { DEFAULT_SESSION_LIMITS } from "../../src/rtmp/limits.ts";
import { ServerSession } from "../../src/rtmp/session/server.ts";
import { nodeHandshakeCrypto } from "../../src/server/listener.ts";

export interface SinkOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Ends a connection that has sent so many bytes. */
  readonly closeAfter?: number;
}

export interface Sink extends Disposable {
  readonly port: number;
  /** Bytes since the last call. */
  take(): number;
}

interface Peer {
  readonly session: ServerSession;
  isOpen: boolean;
  read: number;
}

const CHUNK_SIZE = 4_096;

export function startSink({ port, closeAfter = Number.POSITIVE_INFINITY }: SinkOptions): Sink {
  let total = 0;
  const onData = (socket: Socket<Peer>, bytes: Uint8Array): void => {
    const peer = socket.data;
    total += bytes.length;
    peer.read += bytes.length;
    if (peer.read > closeAfter) {
      socket.end();
      return;
    }
    if (peer.isOpen) return;
    try {
      for (const event of peer.session.receive(bytes)) {
        if (event.type !== "publish-requested" && event.type !== "play-requested") continue;
        peer.session.accept(event.streamId);
        peer.isOpen = true;
      }
      socket.write(peer.session.output());
    } catch {
      socket.end();
    }
  };
  const server = Bun.listen<Peer>({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        const options = {
          crypto: nodeHandshakeCrypto,
          chunkSize: CHUNK_SIZE,
          limits: DEFAULT_SESSION_LIMITS,
          apps: null,
        };
        socket.data = { session: new ServerSession(options), isOpen: false, read: 0 };
      },
      data: onData,
    },
  });
  return {
    port: server.port,
    take() {
      const taken = total;
      total = 0;
      return taken;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}
