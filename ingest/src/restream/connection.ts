/** One attempt to publish to a target: its address, a socket, a client's session, and times within which each must move on. */
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { Socket } from "bun";
import { bytes, type Milliseconds } from "../bytes/units.ts";
import { WireError } from "../bytes/wire-error.ts";
import type { AddressLookup, RestreamAddress } from "../live/ports.ts";
import { CapsEx } from "../rtmp/command/connect.ts";
import { StatusCode } from "../rtmp/command/status.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../rtmp/limits.ts";
import { type ClientEvent, ClientSession } from "../rtmp/session/client.ts";
import { nodeHandshakeCrypto } from "../server/listener.ts";
import { WriteQueue } from "../server/write-queue.ts";
import { type Abilities, readAbilities } from "./abilities.ts";
import { type RelayFault, relayFault } from "./fault.ts";
import type { RelayLimits } from "./limits.ts";

export interface RelayConnectionOptions {
  readonly address: RestreamAddress;
  /** A secret. */
  readonly key: string;
  /** Which of the name's addresses, counted round. */
  readonly attempt: number;
  readonly lookup: AddressLookup;
  readonly limits: RelayLimits;
  /** Certificates to trust instead of the usual ones, PEM. */
  readonly ca?: string;
  readonly onStarted: (abilities: Abilities) => void;
  /** Once, unless `close` or `abort` was called before. */
  readonly onLost: (fault: RelayFault) => void;
}

const CHUNK_SIZE = 65_536;
/** A service answers with commands alone: none of them is long. */
const SESSION_LIMITS: SessionLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxMessageSize: DEFAULT_SESSION_LIMITS.maxSetupMessageSize,
  maxUnfinishedBytes: bytes(256 * 1024),
};
/** How long a connection that we have ended waits for the service's own end. */
const LINGER = 1_000;
const LOOK_EVERY = 250;
const CAPS = CapsEx.reconnect | CapsEx.multitrack | CapsEx.modEx | CapsEx.timestampNanoOffset;

export class RelayConnection {
  private readonly session: ClientSession;
  private socket: Socket<undefined> | null = null;
  private queue: WriteQueue | null = null;
  private isOver = false;
  /** Said goodbye: only what is queued is still written. */
  private isClosing = false;
  private abilities: Abilities | null = null;
  /** performance.now() when it last came further: another state of the session, or bytes that the socket took. */
  private since = performance.now();
  private sent = 0;
  private lingering: Timer | undefined;
  private readonly timer: Timer;

  constructor(private readonly options: RelayConnectionOptions) {
    const { address, key } = options;
    this.session = new ClientSession({
      crypto: nodeHandshakeCrypto,
      handshake: "simple",
      mode: "publish",
      app: address.app,
      tcUrl: address.tcUrl,
      name: key,
      chunkSize: CHUNK_SIZE,
      capsEx: CAPS,
      limits: SESSION_LIMITS,
    });
    this.timer = setInterval(() => this.checkDeadline(), LOOK_EVERY);
    this.open().catch(() => this.lose(relayFault("unreachable")));
  }

  /** Bytes that wait for the socket. */
  get queued(): number {
    return this.queue?.size ?? 0;
  }

  /** Bytes that the service was sent. */
  get sentBytes(): number {
    return this.sent - this.queued;
  }

  send(kind: "audio" | "video" | "script", timestamp: Milliseconds, payload: Uint8Array): void {
    if (this.isOver || this.isClosing) return;
    this.session.sendMedia(kind, timestamp, payload);
    this.flush();
  }

  /** A script message that describes a moment and not the stream. */
  sendData(timestamp: Milliseconds, payload: Uint8Array): void {
    if (this.isOver || this.isClosing) return;
    this.session.sendData(timestamp, payload);
    this.flush();
  }

  /** The orderly end: the service is told, as far as it still listens within the time. */
  close(): void {
    if (this.isOver || this.isClosing) return;
    if (this.session.state !== "started" || this.queue === null) {
      this.abort();
      return;
    }
    this.isClosing = true;
    this.since = performance.now();
    this.session.unpublish();
    this.flush();
    if (this.queued === 0) this.finish();
  }

  /** At once and without a word. */
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearInterval(this.timer);
    this.socket?.terminate();
  }

  private finish(): void {
    this.isOver = true;
    clearInterval(this.timer);
    const { socket } = this;
    if (socket === null) return;
    socket.end();
    this.lingering = setTimeout(() => socket.terminate(), LINGER);
  }

  private closed(): void {
    clearTimeout(this.lingering);
    this.lose(relayFault("closed"));
  }

  private lose(fault: RelayFault): void {
    if (this.isOver) return;
    const { isClosing } = this;
    this.abort();
    if (!isClosing) this.options.onLost(fault);
  }

  private async open(): Promise<void> {
    const { address, attempt, lookup, ca } = this.options;
    const found = await lookup(address.host).catch(() => []);
    if (this.isOver) return;
    if (found === null) return this.lose(relayFault("address"));
    if (found.length === 0) return this.lose(relayFault("unresolved"));
    await Bun.connect<undefined>({
      // The address that was looked at, so that no second answer of a name server leads elsewhere.
      hostname: found[attempt % found.length]!,
      port: address.port,
      data: undefined,
      ...(address.isTls
        ? {
            tls: {
              rejectUnauthorized: true,
              // RFC 6066 §3: an address is no server name.
              ...(isIP(address.host) === 0 ? { serverName: address.host } : {}),
              ...(ca === undefined ? {} : { ca }),
            },
          }
        : {}),
      socket: {
        open: (socket) => this.opened(socket),
        handshake: (socket, success, error) => this.secured(socket, success && error === null),
        data: (_, bytes) => this.receive(bytes),
        drain: () => this.drained(),
        end: () => this.lose(relayFault("closed")),
        close: () => this.closed(),
        error: () => this.lose(relayFault("closed")),
        connectError: () => this.lose(relayFault("unreachable")),
      },
    });
  }

  private opened(socket: Socket<undefined>): void {
    if (this.isOver) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    this.since = performance.now();
    if (!this.options.address.isTls) this.begin(socket);
  }

  private secured(socket: Socket<undefined>, isTrusted: boolean): void {
    if (this.isOver) return;
    const { host } = this.options.address;
    if (!isTrusted || checkServerIdentity(host, socket.getPeerCertificate()) !== undefined)
      this.lose(relayFault("certificate"));
    else this.begin(socket);
  }

  private begin(socket: Socket<undefined>): void {
    this.queue = new WriteQueue(socket);
    this.flush();
  }

  private receive(bytes: Uint8Array): void {
    if (this.isOver || this.queue === null) return;
    const events: ClientEvent[] = [];
    const before = this.session.state;
    try {
      this.session.receive(bytes, events);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.lose(relayFault("protocol"));
      return;
    }
    if (this.session.state !== before) this.since = performance.now();
    this.flush();
    // It asks and does not read the answers.
    if (this.queued > this.options.limits.maxQueue * 2) this.lose(relayFault("stalled"));
    for (const event of events) if (!this.isOver && !this.isClosing) this.handle(event);
  }

  private handle(event: ClientEvent): void {
    switch (event.type) {
      case "connected":
        this.abilities = readAbilities(event.information);
        return;
      case "started":
        this.options.onStarted(this.abilities!);
        return;
      case "failed":
        // Before createStream was answered it is about the application.
        this.lose(relayFault(this.session.mediaStreamId === 0 ? "rejected" : "denied"));
        return;
      case "status":
        if (event.code === StatusCode.reconnectRequest) this.lose(relayFault("closed"));
        return;
      case "media":
        return;
    }
  }

  private drained(): void {
    const { queue } = this;
    if (this.isOver || queue === null) return;
    const before = queue.size;
    const isEmpty = queue.drain();
    if (queue.size < before) this.since = performance.now();
    if (isEmpty && this.isClosing) this.finish();
  }

  private flush(): void {
    const { queue } = this;
    if (queue === null || this.isOver) return;
    const bytes = this.session.output();
    if (queue.size === 0 && this.session.state === "started") this.since = performance.now();
    this.sent += bytes.length;
    queue.write(bytes);
  }

  private checkDeadline(): void {
    const { limits } = this.options;
    const age = performance.now() - this.since;
    if (this.isClosing) {
      if (age > limits.closeTimeout) this.abort();
    } else if (this.session.state !== "started") {
      if (age > limits.setupTimeout) this.lose(relayFault("timeout"));
    } else if (this.queued > 0 && age > limits.stallTimeout) this.lose(relayFault("stalled"));
  }
}
