/** The RTMP and RTMPS listeners: accept, limits, one deadline timer for all connections, orderly stop. */
import { createHmac, randomBytes } from "node:crypto";
import type { Socket, TCPSocketListener } from "bun";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { WireError, type WireErrorCode } from "../bytes/wire-error.ts";
import type { Playback } from "../live/playback.ts";
import type { Callbacks, Gate, Log, Siblings } from "../live/ports.ts";
import type { Registry } from "../live/registry.ts";
import { NO_TRACER, type Tracer } from "../live/trace.ts";
import { type Introduced, ProxyHeader } from "../proxy-protocol/header.ts";
import type { HandshakeCrypto } from "../rtmp/handshake/crypto.ts";
import { afterJump, makeClockWatch } from "./clock-jump.ts";
import { Connection, type ConnectionContext, systemNow } from "./connection.ts";
import { makeKeyTries } from "./key-tries.ts";
import type { CloseReason, ServerLimits } from "./limits.ts";
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
  /**
   * Peers that must send a PROXY header before the handshake, which says whose connection it is; default nobody. From anybody else such a header is a
   * bad handshake. Not on the RTMPS port: there the header would have to come before TLS.
   */
  readonly isProxy?: (address: string) => boolean;
  /** Other processes that listen on the same ports; the kernel spreads connections over all. Default none: the ports are this process' alone. */
  readonly siblings?: Siblings | null;
  readonly apps: readonly string[] | null;
  readonly gate: Gate;
  /** Programs of the operator that are asked before the gate is; null: none. */
  readonly callbacks: Callbacks | null;
  readonly registry: Registry;
  readonly playback: Playback;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly log: Log;
  /** What one customer of a provider has, of an address: guesses of keys are counted by it. Default: the address itself. */
  readonly networkOf?: (address: string) => string;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
}

export interface RtmpServer {
  readonly port: number;
  readonly tlsPort: number | null;
  connections(): number;
  /** Those of them that another process has. */
  handedOver(): number;
  /** No new connections; publishers are asked to go elsewhere, and whoever is gone is not waited for. */
  drain(): void;
  /** Refuses new connections, ends the present ones, and resolves when they are closed or `graceMs` is over. */
  stop(graceMs: number): Promise<void>;
}

/** Of a proxy, or a sibling, that has not said yet whom it speaks for. */
interface Introduction {
  readonly header: ProxyHeader;
  readonly isHandedOver: boolean;
  since: Milliseconds;
}
type PeerData = Connection | Introduction | null;
type Peer = Socket<PeerData>;
type RefusedAtOnce = Extract<CloseReason, `limit.${string}` | "server.stopping">;

/** Throws what `Bun.listen` throws (EADDRINUSE …). */
export function startRtmpServer(options: RtmpServerOptions): RtmpServer {
  const { limits, metrics, log, siblings = null } = options;
  let draining = false;
  const context: ConnectionContext = {
    ...options,
    siblings,
    tracer: options.tracer ?? NO_TRACER,
    keyTries: makeKeyTries({
      limit: limits.maxFailedKeysPerMinute,
      networkOf: options.networkOf ?? ((address) => address),
      now: () => ms(performance.now()),
      log,
    }),
    crypto: nodeHandshakeCrypto,
    chunkSize: CHUNK_SIZE,
    now: systemNow,
    isDraining: () => draining,
  };
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

  /** Sockets of proxies that have not said yet whom they speak for. */
  const unknown = new Set<Peer>();

  const refuse = (socket: Peer, reason: RefusedAtOnce | WireErrorCode) => {
    socket.data = null;
    metrics.closed(reason);
    socket.terminate();
  };

  /** Null: it was refused. */
  function connect(socket: Peer, address: string, isHandedOver = false): Connection | null {
    const same = perAddress.get(address) ?? 0;
    if (same >= limits.maxConnectionsPerAddress) {
      refuse(socket, "limit.connections-per-address");
      return null;
    }
    perAddress.set(address, same + 1);
    counter++;
    const connection = new Connection(socket, `r${counter.toString(36)}`, address, context, isHandedOver);
    socket.data = connection;
    open.add(connection);
    return connection;
  }

  function introduce(socket: Peer, { header, isHandedOver }: Introduction, bytes: Uint8Array): void {
    let found: Introduced | null;
    try {
      found = header.push(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log.warn({ code: error.code, address: socket.remoteAddress }, error.message);
      unknown.delete(socket);
      refuse(socket, error.code);
      return;
    }
    if (found === null) return;
    unknown.delete(socket);
    // A Unix socket has no address of its own.
    const connection = connect(socket, found.address ?? socket.remoteAddress ?? "", isHandedOver);
    if (found.rest.length > 0) connection?.onData(found.rest);
  }

  function gone(socket: Peer): void {
    const { data } = socket;
    if (data instanceof Connection) data.onClosed();
    // Only once: an error is followed by a close.
    else if (unknown.delete(socket)) metrics.closed("peer.closed");
  }

  const handlersFor = (isProxy: (address: string) => boolean, isHandedOver = false) => ({
    // Not Node's Buffer, the default: its `slice` is a view, and who took it for a copy would lose it when the read is given back.
    binaryType: "uint8array" as const,
    open(socket: Peer) {
      metrics.opened();
      if (stopping) return refuse(socket, "server.stopping");
      if (open.size + unknown.size >= limits.maxConnections) return refuse(socket, "limit.connections");
      if (isProxy(socket.remoteAddress)) {
        socket.data = { header: new ProxyHeader(), since: systemNow(), isHandedOver };
        unknown.add(socket);
      } else connect(socket, socket.remoteAddress);
    },
    data(socket: Peer, bytes: Uint8Array) {
      const { data } = socket;
      if (data instanceof Connection) data.onData(bytes);
      else if (data !== null) introduce(socket, data, bytes);
    },
    drain(socket: Peer) {
      if (socket.data instanceof Connection) socket.data.onDrain();
    },
    close(socket: Peer) {
      gone(socket);
      const connection = socket.data;
      if (!(connection instanceof Connection)) return;
      open.delete(connection);
      const left = (perAddress.get(connection.address) ?? 1) - 1;
      if (left > 0) perAddress.set(connection.address, left);
      else perAddress.delete(connection.address);
    },
    error(socket: Peer, error: Error) {
      log.debug({ code: "socket.error", error: error.message }, "A socket failed");
      gone(socket);
    },
  });

  const listen = (port: number, tls?: { cert: string; key: string }): TCPSocketListener<PeerData> =>
    Bun.listen<PeerData>({
      hostname: options.host,
      port,
      // Bun's types know it of clients only.
      ...(siblings === null ? {} : { reusePort: true }),
      data: null,
      socket: handlersFor(tls === undefined ? (options.isProxy ?? (() => false)) : () => false),
      ...(tls ? { tls } : {}),
    });

  const listeners: { stop(closesConnections?: boolean): void }[] = [];
  const stopListening = (closesConnections: boolean): void => {
    for (const listener of listeners) listener.stop(closesConnections);
  };
  let secure: TCPSocketListener<PeerData> | null = null;
  const plain = listen(options.port);
  listeners.push(plain);
  try {
    if (options.tls) {
      secure = listen(options.tls.port, options.tls);
      listeners.push(secure);
    }
    if (siblings !== null)
      // Whose socket that is only this machine's user and its processes can say: all of them speak for somebody.
      listeners.push(Bun.listen<PeerData>({ unix: siblings.path, data: null, socket: handlersFor(() => true, true) }));
  } catch (error) {
    stopListening(true);
    throw error;
  }
  // One timer for all: thousands of connections cost one pass twice a second.
  const clock = makeClockWatch();
  const timer = setInterval(() => {
    const now = systemNow();
    const by = clock.jump(now, performance.now());
    if (by !== 0) for (const connection of open) connection.clockJumped(by, now);
    for (const connection of open) connection.checkDeadlines(now);
    for (const socket of [...unknown]) {
      const introduction = socket.data as Introduction;
      if (by !== 0) introduction.since = afterJump(introduction.since, by, now);
      if (now - introduction.since <= limits.handshakeTimeout) continue;
      unknown.delete(socket);
      refuse(socket, "limit.handshake-timeout");
    }
  }, DEADLINE_CHECK);

  return {
    port: plain.port,
    tlsPort: secure?.port ?? null,
    connections: () => open.size + unknown.size,
    handedOver: () => [...open].filter(({ isElsewhere }) => isElsewhere).length,
    drain() {
      draining = true;
      stopListening(false);
      options.registry.endAway(systemNow());
      for (const connection of open) connection.askToReconnect();
    },
    async stop(graceMs) {
      stopping = true;
      stopListening(false);
      for (const connection of open) connection.stop();
      for (const socket of unknown) refuse(socket, "server.stopping");
      unknown.clear();
      options.registry.endAway(systemNow());
      const deadline = Date.now() + graceMs;
      while (open.size > 0 && Date.now() < deadline) await Bun.sleep(20);
      clearInterval(timer);
      stopListening(true);
    },
  };
}
