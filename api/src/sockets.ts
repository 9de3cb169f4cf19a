/**
 * The seam between the routes and the server that has the connection: a route decides whether a request becomes a WebSocket, and gives it a session;
 * the front door lends its server and hands on what the socket says. Routes stay `Request -> Response` for all else.
 */
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

/** What one WebSocket does. */
export interface SocketSession {
  open(socket: Socket): void;
  message(socket: Socket, message: string | Buffer): void;
  /** Some of what was written has gone. */
  drain(socket: Socket): void;
  close(socket: Socket): void;
}

export type Socket = ServerWebSocket<SocketSession>;

export interface Sockets {
  /** For `Bun.serve`. */
  readonly handler: WebSocketHandler<SocketSession>;
  /** The front door says which server a request came in on. */
  note(request: Request, server: Server<SocketSession>): void;
  /** False: the handshake is not in order, or no server was named. */
  upgrade(request: Request, session: SocketSession, headers?: Readonly<Record<string, string>>): boolean;
}

/** More than any message that a route takes, so that it can say what is wrong; what is longer still closes the socket (1009). */
const MAX_MESSAGE = 16 * 1_024;
/** A peer that does not answer pings for so long is gone. Seconds. */
const IDLE_S = 60;

export function makeSockets(): Sockets {
  const servers = new WeakMap<Request, Server<SocketSession>>();
  return {
    handler: {
      maxPayloadLength: MAX_MESSAGE,
      idleTimeout: IDLE_S,
      sendPings: true,
      perMessageDeflate: false,
      open: (socket) => socket.data.open(socket),
      message: (socket, message) => socket.data.message(socket, message),
      drain: (socket) => socket.data.drain(socket),
      close: (socket) => socket.data.close(socket),
    },
    note: (request, server) => servers.set(request, server),
    upgrade(request, data, headers) {
      const server = servers.get(request);
      if (server === undefined) return false;
      return server.upgrade(request, headers === undefined ? { data } : { data, headers });
    },
  };
}

/** RFC 6455 §4.2.1: a GET that asks to become a WebSocket. */
export const wantsSocket = (request: Request): boolean => request.headers.get("upgrade")?.toLowerCase() === "websocket";
