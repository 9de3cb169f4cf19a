/** Connections that send fixed bytes, whatever the server says, and then stay until they are closed. */
import type { Socket } from "bun";
import type { Target } from "./rtmp-client.ts";

interface Peer {
  rest: Uint8Array;
  readonly closed: () => void;
}

function push(socket: Socket<Peer>): void {
  const peer = socket.data;
  if (peer.rest.length === 0) return;
  const taken = socket.write(peer.rest);
  if (taken > 0) peer.rest = peer.rest.subarray(taken);
}

const handlers = {
  open: push,
  drain: push,
  data() {},
  close: (socket: Socket<Peer>) => socket.data.closed(),
  error: (socket: Socket<Peer>) => socket.data.closed(),
};

export interface RawPeersResult {
  readonly closed: number;
  /** From a connection's first byte to its end, the slowest; NaN when one was never closed. */
  readonly slowestMs: number;
}

/** Opens `count` connections at once and waits until the server closed them all, at most `timeoutMs`. */
export async function runRawPeers(
  target: Target,
  bytes: Uint8Array,
  count: number,
  timeoutMs: number,
): Promise<RawPeersResult> {
  const times: number[] = [];
  const all = Promise.withResolvers<void>();
  const sockets: Socket<Peer>[] = [];
  const opening = Array.from({ length: count }, async () => {
    const start = performance.now();
    let isOver = false;
    const closed = () => {
      if (isOver) return;
      isOver = true;
      times.push(performance.now() - start);
      if (times.length === count) all.resolve();
    };
    const data: Peer = { rest: bytes, closed };
    sockets.push(await Bun.connect<Peer>({ hostname: target.host, port: target.port, data, socket: handlers }));
  });
  await Promise.all(opening);
  await Promise.race([all.promise, Bun.sleep(timeoutMs)]);
  const result = { closed: times.length, slowestMs: times.length === count ? Math.max(...times) : Number.NaN };
  for (const socket of sockets) socket.terminate();
  return result;
}
