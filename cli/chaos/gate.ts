/** Stands between a client and a real server, and is the network that fails: down (refused and reset), or silent (open, and nothing passes). */
import type { Socket } from "bun";

type Mode = "up" | "down" | "silent";

interface Pair {
  readonly near: Socket<Pair>;
  far: Socket<Pair> | null;
  /** Not taken yet by the other side. */
  toFar: Uint8Array;
  toNear: Uint8Array;
}

export interface Gate {
  readonly port: number;
  /** Every connection is reset and new ones are refused, as when the server's process is gone. */
  down(): void;
  /** Connections stay, new ones are accepted, and nothing passes, as when a cable was pulled. */
  silent(): void;
  up(): void;
  close(): void;
}

const NONE = new Uint8Array(0);
const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => (a.length === 0 ? b : Buffer.concat([a, b]));

export function openGate(target: { readonly port: number }): Gate {
  const pairs = new Set<Pair>();
  let mode: Mode = "up";

  function push(socket: Socket<Pair> | null, rest: Uint8Array): Uint8Array {
    if (socket === null || rest.length === 0) return rest;
    const taken = socket.write(rest);
    return taken <= 0 ? rest : rest.subarray(taken);
  }
  function drop(pair: Pair): void {
    if (!pairs.delete(pair)) return;
    pair.near.terminate();
    pair.far?.terminate();
  }
  function flush(pair: Pair): void {
    if (mode !== "up") return;
    pair.toFar = push(pair.far, pair.toFar);
    pair.toNear = push(pair.near, pair.toNear);
  }

  async function reach(pair: Pair): Promise<void> {
    try {
      pair.far = await Bun.connect<Pair>({
        hostname: "127.0.0.1",
        port: target.port,
        data: pair,
        socket: {
          data(_, bytes) {
            pair.toNear = joined(pair.toNear, bytes.slice());
            flush(pair);
          },
          drain: () => flush(pair),
          close() {
            if (mode !== "silent") drop(pair);
          },
          error: () => drop(pair),
        },
      });
      flush(pair);
    } catch {
      drop(pair);
    }
  }

  const each = (act: (socket: Socket<Pair>) => void): void => {
    for (const { near, far } of pairs) {
      act(near);
      if (far !== null) act(far);
    }
  };

  const listen = (port: number) =>
    Bun.listen<Pair>({
      hostname: "127.0.0.1",
      port,
      socket: {
        open(near) {
          const pair: Pair = { near, far: null, toFar: NONE, toNear: NONE };
          near.data = pair;
          pairs.add(pair);
          void reach(pair);
        },
        data(near, bytes) {
          near.data.toFar = joined(near.data.toFar, bytes.slice());
          flush(near.data);
        },
        drain: (near) => flush(near.data),
        close: (near) => drop(near.data),
        error: (near) => drop(near.data),
      },
    });

  let server: ReturnType<typeof listen> | null = listen(0);
  const { port } = server;
  const shut = () => {
    server?.stop(true);
    server = null;
    for (const pair of [...pairs]) drop(pair);
  };
  return {
    port,
    down() {
      mode = "down";
      shut();
    },
    silent() {
      mode = "silent";
      // Whoever sends finds that nobody takes it.
      each((socket) => socket.pause());
    },
    up() {
      mode = "up";
      server ??= listen(port);
      each((socket) => socket.resume());
      for (const pair of pairs) flush(pair);
    },
    close: shut,
  };
}
