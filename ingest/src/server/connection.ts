/**
 * One RTMP connection: a socket, the session that reads it, and what the session's peer turned out to be. The one place where
 * a WireError is caught.
 */
import type { Socket } from "bun";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { WireError, type WireErrorCode } from "../bytes/wire-error.ts";
import { LiveBroadcast, type Publisher } from "../live/broadcast.ts";
import type { Playback } from "../live/playback.ts";
import type { Admitted, Gate, Log, Refused } from "../live/ports.ts";
import type { Registry } from "../live/registry.ts";
import { type Status, StatusCode } from "../rtmp/command/status.ts";
import type { HandshakeCrypto } from "../rtmp/handshake/crypto.ts";
import type { MediaEvent, PlayRequestedEvent, PublishRequestedEvent, ServerEvent } from "../rtmp/session/events.ts";
import { ServerSession } from "../rtmp/session/server.ts";
import { afterJump } from "./clock-jump.ts";
import type { CloseReason, ServerLimits } from "./limits.ts";
import { releaseMemory } from "./memory.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Place, placeFor } from "./place.ts";
import { type Player, startPlayer } from "./player.ts";
import { takesOver } from "./takeover.ts";
import { WriteQueue } from "./write-queue.ts";

export interface ConnectionContext {
  readonly gate: Gate;
  readonly registry: Registry;
  readonly playback: Playback;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly log: Log;
  readonly crypto: HandshakeCrypto;
  readonly chunkSize: number;
  readonly apps: readonly string[] | null;
  readonly now: () => Milliseconds;
  /** The server takes no new connections: who is lost can't come back here. */
  readonly isDraining: () => boolean;
}

type Role =
  | { readonly kind: "setup" }
  | { readonly kind: "asking" }
  | { readonly kind: "publisher"; readonly streamId: number; readonly broadcast: LiveBroadcast }
  | { readonly kind: "player"; readonly streamId: number; readonly player: Player; readonly place: Place };

/** How long a closed connection may wait for the peer's own FIN, so that our last answer is not cut off by a reset. */
const LINGER = ms(1_000);

const DECIDED = [
  "publish.ended",
  "publish.replaced",
  "server.stopping",
  "refused.media",
  "internal.error",
] as const satisfies CloseReason[];

const SETUP: Role = { kind: "setup" };

export class Connection implements Publisher {
  private readonly session: ServerSession;
  private readonly queue: WriteQueue;
  private role: Role = SETUP;
  private closed = false;
  /** Close once the queue is empty. */
  private closing: CloseReason | WireErrorCode | null = null;
  /** When the present phase (handshake, setup) began, or media last moved. */
  private since: Milliseconds;

  constructor(
    private readonly socket: Pick<Socket<unknown>, "write" | "end" | "terminate">,
    readonly id: string,
    readonly address: string,
    private readonly context: ConnectionContext,
  ) {
    const { crypto, limits, chunkSize, apps } = context;
    const onMedia = (event: MediaEvent) => this.media(event);
    this.session = new ServerSession({ crypto, limits, chunkSize, apps, onMedia });
    this.queue = new WriteQueue(socket);
    this.since = context.now();
  }

  onData(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    this.context.metrics.received(bytes.length);
    const before = this.session.state;
    this.guard((events) => this.session.receive(bytes, events));
    // Nothing looks at these bytes any more: media were copied out of them, and the session has kept nothing.
    if (this.role.kind === "publisher" && this.session.isDrained) releaseMemory(bytes);
    if (this.role.kind === "publisher" || before !== this.session.state) this.since = this.context.now();
  }

  get lastSeen(): Milliseconds {
    return this.since;
  }

  /** The platform, or the remuxer, does not want this publisher. */
  refuse(code: string, reason: string): void {
    const { log } = this.context;
    const streamId = this.role.kind === "publisher" ? this.role.broadcast.streamId : null;
    log.warn({ code, connectionId: this.id, streamId }, reason);
    const closeReason = code === "publish.replaced" ? code : "refused.media";
    this.endPublisher({ level: "error", code: StatusCode.publishRejected, description: reason }, closeReason);
  }

  onDrain(): void {
    this.since = this.context.now();
    if (this.queue.drain() && this.closing !== null) this.finish(this.closing);
  }

  onClosed(): void {
    this.finish(this.closing ?? "peer.closed");
  }

  /** The wall clock was set. */
  clockJumped(by: number, now: Milliseconds): void {
    this.since = afterJump(this.since, by, now);
  }

  /** Called about once a second: closes what is over its time. */
  checkDeadlines(now: Milliseconds): void {
    const { limits } = this.context;
    const age = now - this.since;
    if (this.closed) {
      if (age > LINGER) this.socket.terminate();
    } else if (this.closing !== null) {
      // What was still to be said was not taken in time.
      if (age > limits.handshakeTimeout) this.finish(this.closing);
    } else if (this.role.kind === "publisher") {
      if (age > limits.idleTimeout) this.finish("limit.idle-timeout");
    } else if (this.role.kind === "player") {
      this.role.place.keep();
      if (this.queue.size === 0) this.since = now;
      else if (age > limits.stallTimeout) this.finish("limit.stall-timeout");
    } else if (this.role.kind === "setup") {
      const handshaking = this.session.state === "handshaking";
      if (age > (handshaking ? limits.handshakeTimeout : limits.setupTimeout)) {
        this.finish(handshaking ? "limit.handshake-timeout" : "limit.setup-timeout");
      }
    }
  }

  /** The server is about to stop: a publisher that understands it goes to another one (E-RTMP v2 Reconnect Request), others may go on. */
  askToReconnect(): void {
    if (this.role.kind !== "publisher" || !this.isOpen) return;
    this.session.requestReconnect("This server is about to stop.");
    this.flush();
  }

  /** Orderly stop of the server: players and publishers are told. */
  stop(): void {
    if (this.role.kind === "publisher")
      this.endPublisher(
        { level: "status", code: StatusCode.unpublishSuccess, description: "The server is stopping." },
        "server.stopping",
      );
    else this.closeAfterWrites("server.stopping");
  }

  /** Runs the session and its events; a protocol violation or a bug ends this connection and nothing else. */
  private guard(step: (events: ServerEvent[]) => void): void {
    const events: ServerEvent[] = [];
    try {
      try {
        step(events);
      } finally {
        // What came before a violation counts, in whatever reads it came.
        for (const event of events) if (this.isOpen) this.handle(event);
      }
      this.flush();
    } catch (error) {
      if (error instanceof WireError) {
        this.context.log.warn({ code: error.code, connectionId: this.id, address: this.address }, error.message);
        this.flush();
        this.closeAfterWrites(error.code);
      } else {
        this.context.log.error(
          { code: "internal.error", connectionId: this.id, error: String(error) },
          "A connection was closed because of a bug",
        );
        this.finish("internal.error");
      }
    }
  }

  private get isOpen(): boolean {
    return !this.closed && this.closing === null;
  }

  private flush(): void {
    if (this.closed) return;
    this.queue.write(this.session.output());
    // A peer that asks (pings, calls) and does not read the answers.
    if (this.queue.size > this.context.limits.maxPlayerQueue) this.finish("limit.player-queue");
  }

  private handle(event: ServerEvent): void {
    switch (event.type) {
      case "media":
        this.media(event);
        return;
      case "publish-requested":
        this.ask(event, (answer) => this.startPublisher(event, answer));
        return;
      case "play-requested":
        this.play(event);
        return;
      case "publish-ended":
      case "play-ended":
        this.leaveRole();
        return;
      case "play-paused":
        if (this.role.kind === "player") this.role.player.setPaused(event.paused);
        return;
      case "refused":
        this.context.log.warn({ code: event.code, connectionId: this.id, address: this.address }, event.reason);
        this.closeAfterWrites(event.code);
        return;
      case "connected":
        return;
    }
  }

  private media(event: MediaEvent): void {
    if (this.isOpen && this.role.kind === "publisher")
      this.role.broadcast.push(event.kind, event.timestamp, event.payload);
  }

  private ask(event: PublishRequestedEvent, then: (answer: Admitted | Refused) => void): void {
    this.role = { kind: "asking" };
    const { gate, log } = this.context;
    gate
      .admit({ key: event.key, connectionId: this.id, address: this.address })
      .catch((error): Refused => {
        log.error({ code: "publish.unavailable", connectionId: this.id, error: String(error) }, "The gate failed");
        return {
          kind: "refused",
          code: "publish.unavailable",
          reason: "The server can not check stream keys at the moment. Try again soon.",
        };
      })
      .then(then)
      .catch((error) => {
        log.error(
          { code: "internal.error", connectionId: this.id, error: String(error) },
          "A publisher could not be started",
        );
        this.finish("internal.error");
      });
  }

  private startPublisher(event: PublishRequestedEvent, answer: Admitted | Refused): void {
    const { log, registry, gate, now } = this.context;
    if (answer.kind === "refused") {
      if (!this.isOpen) return;
      log.warn({ code: answer.code, connectionId: this.id, address: this.address }, answer.reason);
      this.reject(event.streamId, answer.reason, `refused.${answer.code.slice("publish.".length)}` as CloseReason);
      return;
    }
    const { slug, streamId } = answer;
    const known = registry.find(slug);
    // The same stream: its encoder has come back, or another one has come.
    const isSame = known !== undefined && known.streamId === streamId;
    if (!this.isOpen) {
      // The peer went, or was sent away, while the gate was asked.
      if (streamId !== null && !isSame) void gate.ended(streamId, now());
      return;
    }
    if (isSame) {
      if (takesOver(known, answer.secondEncoder, this.address, now())) this.resume(event, known);
      else
        this.reject(
          event.streamId,
          "Another encoder is publishing with this stream key.",
          "refused.already-publishing",
        );
      return;
    }
    // The gate's word counts: whoever still publishes under this name here lost the channel meanwhile.
    if (known !== undefined) {
      known.refuse("publish.replaced", "Another publisher has taken this channel over.");
      registry.end(known, now());
    }
    const broadcast = new LiveBroadcast({ ...answer, startedAt: now(), publisher: this });
    // Taken before the listeners hear of it: they may refuse at once, and what they throw must not leave a broadcast without an owner.
    this.role = { kind: "publisher", streamId: event.streamId, broadcast };
    registry.start(broadcast);
    this.begin(event, broadcast, "publish.started", "A broadcast started");
  }

  /** Goes on with a broadcast, in the place of whoever sent it. */
  private resume(event: PublishRequestedEvent, broadcast: LiveBroadcast): void {
    const { registry, now } = this.context;
    const before = broadcast.publisher;
    this.role = { kind: "publisher", streamId: event.streamId, broadcast };
    registry.resume(broadcast, this, now());
    before?.refuse("publish.replaced", "Another encoder has taken this broadcast over.");
    this.begin(event, broadcast, "publish.resumed", "A publisher came back, or took a broadcast over");
  }

  private begin(event: PublishRequestedEvent, { slug, streamId }: LiveBroadcast, code: string, message: string): void {
    const { log, now } = this.context;
    if (!this.isOpen) return;
    this.since = now();
    // The encoder waits for this answer, and nobody for the log.
    this.guard((events) => this.session.accept(event.streamId, events));
    log.info({ code, connectionId: this.id, streamId, slug, address: this.address }, message);
  }

  private play(event: PlayRequestedEvent): void {
    const name = event.name.split("?", 1)[0]!;
    const broadcast = this.context.registry.find(name);
    const place = placeFor(this.context.playback, broadcast, event.name, this.id);
    if (broadcast === undefined || typeof place === "string") {
      const description = typeof place === "string" ? place : "Nobody is live under this name.";
      this.session.reject(event.streamId, { level: "error", code: StatusCode.playStreamNotFound, description });
      this.closeAfterWrites("refused.not-found");
      return;
    }
    const held = this.session.accept(event.streamId);
    this.flush();
    const { chunkSize, limits, metrics } = this.context;
    const player = startPlayer({
      broadcast,
      streamId: event.streamId,
      chunkSize,
      delay: limits.playerBatchTime,
      write: (bytes) => {
        if (!this.isOpen) return;
        metrics.sent(bytes.length);
        this.queue.write(bytes);
        if (this.queue.size > limits.maxPlayerQueue) this.finish("limit.player-queue");
      },
      onEnd: () => {
        this.session.endPlay(event.streamId);
        this.flush();
        this.closeAfterWrites("play.ended");
      },
    });
    this.role = { kind: "player", streamId: event.streamId, player, place };
    if (this.closed) this.leaveRole();
    for (const next of held) this.handle(next);
  }

  private reject(streamId: number, description: string, reason: CloseReason): void {
    this.session.reject(streamId, { level: "error", code: StatusCode.publishBadName, description });
    this.closeAfterWrites(reason);
  }

  private endPublisher(status: Status, reason: CloseReason): void {
    if (this.role.kind !== "publisher" || this.closed) return;
    this.session.endPublish(this.role.streamId, status);
    this.closeAfterWrites(reason);
  }

  /** Stops publishing or playing; the connection may begin something else within the setup time. `isLost`: the peer has not said so. */
  private leaveRole(isLost = false): void {
    const { role } = this;
    const { registry, limits, log, now } = this.context;
    this.role = SETUP;
    this.since = now();
    if (role.kind === "player") {
      role.player.stop();
      role.place.leave();
    }
    if (role.kind !== "publisher") return;
    const { broadcast } = role;
    // Somebody else goes on with it.
    if (broadcast.publisher !== this) return;
    const isWaitedFor = isLost && !this.context.isDraining();
    if (isWaitedFor) registry.suspend(broadcast, now(), limits.graceTime);
    else registry.end(broadcast, now());
    const { streamId, slug, stats } = broadcast;
    const [code, message] = isWaitedFor
      ? ["publish.lost", "A publisher is gone; its broadcast waits for it"]
      : ["publish.ended", "A broadcast ended"];
    log.info({ code, connectionId: this.id, streamId, slug, ...stats }, message);
  }

  private closeAfterWrites(reason: CloseReason | WireErrorCode): void {
    if (!this.isOpen) return;
    this.flush();
    this.leaveRole(isLoss(reason));
    if (this.closed) return;
    this.closing = reason;
    if (this.queue.size === 0) this.finish(reason);
  }

  private finish(reason: CloseReason | WireErrorCode): void {
    if (this.closed) return;
    this.closed = true;
    this.leaveRole(isLoss(reason));
    this.since = this.context.now();
    this.context.metrics.closed(reason);
    if (reason.startsWith("limit.")) this.socket.terminate();
    else this.socket.end();
  }
}

/** Reasons that are nobody's decision: the encoder comes back by itself, soon. */
function isLoss(reason: CloseReason | WireErrorCode): boolean {
  return !(DECIDED as readonly string[]).includes(reason);
}

export const systemNow = (): Milliseconds => ms(Date.now());
