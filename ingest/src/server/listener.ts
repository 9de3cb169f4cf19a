/** The RTMP and RTMPS listeners: accept, limits, one deadline timer for all connections, orderly stop. */
import { createHmac, randomBytes } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import type { Playback } from "../live/playback.ts";
import type { Gate, Log } from "../live/ports.ts";
import type { Registry } from "../live/registry.ts";
import type { HandshakeCrypto } from "../rtmp/handshake/crypto.ts";
import { makeClockWatch } from "./clock-jump.ts";
import { Connection, type ConnectionContext, systemNow } from "./connection.ts";
import type { ServerLimits } from "./limits.ts";
import type { ServerMetrics } from "./metrics.ts";

export const nodeHandshakeCrypto: HandshakeCrypto = {
  randomBytes: (count) => randomBytes(count),
  hmacSha256: (key, data) => createHmac("sha256", key).update(data).digest(),
};

/** Our chunk size. Large enough that most messages to players are one chunk. */
const CHUNK_SIZE = 65_536;
const DEADLINE_CHECK = 500;

export interface RtmpServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** RTMPS: TLS from the first byte. Certificate and key in PEM. */
  readonly tls?: { readonly port: number; readonly cert: string; readonly key: string };
  readonly apps: readonly string[] | null;
  readonly gate: Gate;
  readonly registry: Registry;
  readonly playback: Playback;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly log: Log;
}

export interface RtmpServer {
  readonly port: number;
  readonly tlsPort: number | null;
  connections(): number;
  /** Refuses new connections, ends the present ones, and resolves when they are closed or `graceMs` is over. */
  stop(graceMs: number): Promise<void>;
}

/** Throws what `Bun.listen` throws (EADDRINUSE …). */
export function startRtmpServer(options: RtmpServerOptions): RtmpServer {
  const { limits, metrics, log } = options;
  const context: ConnectionContext = { ...options, crypto: nodeHandshakeCrypto, chunkSize: CHUNK_SIZE, now: systemNow };
  options.registry.listen({
    onStart() {},
    onEnd({ streamId }, endedAt) {
      if (streamId !== null) void options.gate.ended(streamId, endedAt);
    },
  });
  const open = new Set<Connection>();
  const perAddress = new Map<string, number>();
  let counter = 0;
  let stopping = false;

  const refuse = (
    socket: Socket<Connection | null>,
    reason: "limit.connections" | "limit.connections-per-address" | "server.stopping",
  ) => {
    socket.data = null;
    metrics.opened();
    metrics.closed(reason);
    socket.terminate();
  };

  const handlers = {
    // Not Node's Buffer, the default: its `slice` is a view, and who took it for a copy would lose it when the read is given back.
    binaryType: "uint8array" as const,
    open(socket: Socket<Connection | null>) {
      const address = socket.remoteAddress;
      const same = perAddress.get(address) ?? 0;
      if (stopping) return refuse(socket, "server.stopping");
      if (open.size >= limits.maxConnections) return refuse(socket, "limit.connections");
      if (same >= limits.maxConnectionsPerAddress) return refuse(socket, "limit.connections-per-address");
      metrics.opened();
      perAddress.set(address, same + 1);
      counter++;
      socket.data = new Connection(socket, `r${counter.toString(36)}`, address, context);
      open.add(socket.data);
    },
    data(socket: Socket<Connection | null>, bytes: Uint8Array) {
      socket.data?.onData(bytes);
    },
    drain(socket: Socket<Connection | null>) {
      socket.data?.onDrain();
    },
    close(socket: Socket<Connection | null>) {
      const connection = socket.data;
      if (!connection) return;
      connection.onClosed();
      open.delete(connection);
      const left = (perAddress.get(connection.address) ?? 1) - 1;
      if (left > 0) perAddress.set(connection.address, left);
      else perAddress.delete(connection.address);
    },
    error(socket: Socket<Connection | null>, error: Error) {
      log.debug({ code: "socket.error", error: error.message }, "A socket failed");
      socket.data?.onClosed();
    },
  };

  const listen = (port: number, tls?: { cert: string; key: string }): TCPSocketListener<Connection | null> =>
    Bun.listen<Connection | null>({
      hostname: options.host,
      port,
      data: null,
      socket: handlers,
      ...(tls ? { tls } : {}),
    });

  const plain = listen(options.port);
  let secure: TCPSocketListener<Connection | null> | null = null;
  if (options.tls) {
    try {
      secure = listen(options.tls.port, options.tls);
    } catch (error) {
      plain.stop(true);
      throw error;
    }
  }
  // One timer for all: thousands of connections cost one pass twice a second.
  const clock = makeClockWatch();
  const timer = setInterval(() => {
    const now = systemNow();
    const by = clock.jump(now, performance.now());
    if (by !== 0) for (const connection of open) connection.clockJumped(by, now);
    for (const connection of open) connection.checkDeadlines(now);
  }, DEADLINE_CHECK);

  return {
    port: plain.port,
    tlsPort: secure?.port ?? null,
    connections: () => open.size,
    async stop(graceMs) {
      stopping = true;
      plain.stop();
      secure?.stop();
      for (const connection of open) connection.stop();
      options.registry.endAway(systemNow());
      const deadline = Date.now() + graceMs;
      while (open.size > 0 && Date.now() < deadline) await Bun.sleep(20);
      clearInterval(timer);
      plain.stop(true);
      secure?.stop(true);
    },
  };
}
