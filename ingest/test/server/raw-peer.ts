/** A peer that sends what it is told to and never closes by itself. */
import type { Socket } from "bun";

export interface RawPeer extends Disposable {
  readonly socket: Socket;
  readonly received: () => Uint8Array;
  send(...parts: readonly Uint8Array[]): void;
  /** The server has closed its side (FIN or RST). */
  readonly isClosed: () => boolean;
}

export interface RawPeerOptions {
  /** Reads nothing: its receive buffer fills up. */
  readonly deaf?: boolean;
  /** Answers the server's FIN with nothing: the connection stays half open from its side. */
  readonly halfOpen?: boolean;
}

export async function openRawPeer(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
  const chunks: Uint8Array[] = [];
  let pending: Uint8Array[] = [];
  let closed = false;
  const pump = (socket: Socket): void => {
    while (pending.length > 0) {
      const head = pending[0]!;
      const taken = socket.write(head);
      if (taken < 0) return;
      if (taken < head.length) {
        pending[0] = head.subarray(taken);
        return;
      }
      pending.shift();
    }
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    ...(options.halfOpen ? { allowHalfOpen: true } : {}),
    socket: {
      data: (_, bytes) => {
        chunks.push(bytes);
      },
      drain: pump,
      end: () => {
        closed = true;
      },
      close: () => {
        closed = true;
      },
      error: () => {
        closed = true;
      },
    },
  });
  if (options.deaf) socket.pause();
  return {
    socket,
    received: () => Buffer.concat(chunks),
    send(...parts) {
      pending.push(...parts.filter((part) => part.length > 0));
      pump(socket);
    },
    isClosed: () => closed,
    [Symbol.dispose]() {
      pending = [];
      socket.terminate();
    },
  };
}
