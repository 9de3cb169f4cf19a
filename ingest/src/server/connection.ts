/**
 * One RTMP connection: a socket, the session that reads it, and what the session's peer turned out to be. The one place where
 * a WireError is caught.
 */
import type { Socket } from "bun";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { WireError, type WireErrorCode } from "../bytes/wire-error.ts";
import { LiveBroadcast, type Publisher } from "../live/broadcast.ts";
import type { Playback } from "../live/playback.ts";
import type { Admitted, CallbackPeer, Refused, Siblings } from "../live/ports.ts";
import type { Registry } from "../live/registry.ts";
import { NO_SPAN, type Span, type Tracer, traceOf } from "../live/trace.ts";
import { type Status, StatusCode } from "../rtmp/command/status.ts";
import type { HandshakeCrypto } from "../rtmp/handshake/crypto.ts";
import type { MediaEvent, PlayRequestedEvent, PublishRequestedEvent, ServerEvent } from "../rtmp/session/events.ts";
import { ServerSession } from "../rtmp/session/server.ts";
import { Admission, type AdmissionContext, NOT_ALLOWED, refusedAs } from "./admission.ts";
import { afterJump } from "./clock-jump.ts";
import { type HandOver, startHandOver, Transcript } from "./hand-over.ts";
import { type CloseReason, isLoss, type ServerLimits } from "./limits.ts";
import { releaseMemory } from "./memory.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Place, placeFor } from "./place.ts";
import { type Player, startPlayer } from "./player.ts";
import { takesOver } from "./takeover.ts";
import { WriteQueue } from "./write-queue.ts";

export interface ConnectionContext extends AdmissionContext {
  readonly registry: Registry;
  readonly playback: Playback;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly crypto: HandshakeCrypto;
  readonly chunkSize: number;
  readonly apps: readonly string[] | null;
  readonly siblings: Siblings | null;
  readonly tracer: Tracer;
  readonly now: () => Milliseconds;
  /** The server takes no new connections: who is lost can't come back here. */
  readonly isDraining: () => boolean;
}

type Role =
  | { readonly kind: "setup" }
  | { readonly kind: "asking" }
  | { readonly kind: "publisher"; readonly streamId: number; readonly broadcast: LiveBroadcast }
  | {
      readonly kind: "player";
      readonly broadcast: LiveBroadcast;
      readonly player: Player;
      readonly place: Place;
    }
  /** Another process has it. */
  | { readonly kind: "elsewhere"; readonly relay: HandOver };

/** How long a closed connection may wait for the peer's own FIN, so that our last answer is not cut off by a reset. */
const LINGER = ms(1_000);

/** How the close of a publisher is counted that was sent away; others as `refused.media`. */
const REFUSED_AS: Readonly<Record<string, CloseReason>> = {
  "publish.replaced": "publish.replaced",
  [NOT_ALLOWED.code]: refusedAs(NOT_ALLOWED),
};

const SETUP: Role = { kind: "setup" };

export class Connection implements Publisher {
  private readonly session: ServerSession;
  private readonly queue: WriteQueue;
  private role: Role = SETUP;
  private readonly admission: Admission;
  private closed = false;
  /** Close once the queue is empty. */
  private closing: CloseReason | WireErrorCode | null = null;
  /** When the present phase (handshake, setup) began, or media last moved. */
  private since: Milliseconds;
  /** For a sibling; null: it can't be handed over (any more). */
  private transcript: Transcript | null;
  private readonly connectedAt: Milliseconds;
  /** Of the publish that is being decided on. */
  private trace: Span = NO_SPAN;

  constructor(
    private readonly socket: Pick<Socket<unknown>, "write" | "end" | "terminate">,
    readonly id: string,
    readonly address: string,
    private readonly context: ConnectionContext,
    /** A sibling has handed it over, and has given the answers up to the peer's first request. */
    private isMuted = false,
  ) {
    const { crypto, limits, chunkSize, apps, siblings } = context;
    this.transcript = siblings === null || isMuted ? null : new Transcript(limits.maxHeldBytes);
    const onMedia = (event: MediaEvent) => this.media(event);
    this.session = new ServerSession({ crypto, limits, chunkSize, apps, onMedia });
    this.queue = new WriteQueue(socket);
    this.admission = new Admission(context, () => this.sendAway());
    this.since = context.now();
    this.connectedAt = this.since;
  }

  onData(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    if (this.role.kind === "elsewhere") {
      this.passOn(this.role.relay, bytes);
      return;
    }
    this.context.metrics.received(bytes.length);
    this.transcript?.add(bytes);
    const before = this.session.state;
    this.guard((events) => this.session.receive(bytes, events));
    // Nothing looks at these bytes any more: media were copied out of them, and the session has kept nothing.
    if (this.role.kind === "publisher" && this.session.isDrained) releaseMemory(bytes);
    if (this.role.kind === "publisher" || before !== this.session.state) this.since = this.context.now();
  }

  get isElsewhere(): boolean {
    return this.role.kind === "elsewhere";
  }

  get lastSeen(): Milliseconds {
    return this.since;
  }

  /** The platform, or the remuxer, does not want this publisher. */
  refuse(code: string, reason: string): void {
    const { log } = this.context;
    const streamId = this.role.kind === "publisher" ? this.role.broadcast.streamId : null;
    log.warn({ code, connectionId: this.id, streamId }, reason);
    const closeReason = REFUSED_AS[code] ?? "refused.media";
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
    if (this.role.kind === "publisher" || this.role.kind === "player")
      this.admission.keep(this.role.broadcast.mediaTime);
    const age = now - this.since;
    if (this.closed) {
      if (age > LINGER) this.socket.terminate();
    } else if (this.closing !== null) {
      // What was still to be said was not taken in time.
      if (age > limits.handshakeTimeout) this.finish(this.closing);
    } else if (this.role.kind === "publisher") {
      if (age > limits.idleTimeout) this.finish("limit.idle-timeout");
    } else if (this.role.kind === "player" || this.role.kind === "elsewhere") {
      if (this.role.kind === "player") this.role.place.keep();
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
    const output = this.session.output();
    if (!this.isMuted) this.queue.write(output);
    // A peer that asks (pings, calls) and does not read the answers.
    if (this.queue.size > this.context.limits.maxPlayerQueue) this.finish("limit.player-queue");
  }

  private handle(event: ServerEvent): void {
    if (this.isMuted && (event.type === "publish-requested" || event.type === "play-requested")) {
      // The session has read nothing behind the request: what it has to say so far is what the sibling has said.
      this.session.output();
      this.isMuted = false;
    }
    switch (event.type) {
      case "media":
        this.media(event);
        return;
      case "publish-requested":
        this.ask(event);
        return;
      case "play-requested":
        this.askToPlay(event);
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

  private ask(event: PublishRequestedEvent): void {
    this.role = { kind: "asking" };
    this.trace = this.context.tracer.start("rtmp.publish", {
      kind: "server",
      startedAt: this.connectedAt,
      attributes: { "streamhub.connection_id": this.id },
    });
    this.admission
      .publish(this.peer, event.key, this.trace)
      .then((answer) => this.startPublisher(event, answer))
      .catch((error) => this.failed(error, "A publisher could not be started"));
  }

  private failed(error: unknown, message: string): void {
    this.context.log.error({ code: "internal.error", connectionId: this.id, error: String(error) }, message);
    this.finish("internal.error");
  }

  private get peer(): CallbackPeer {
    return { connectionId: this.id, address: this.address, ...this.session.request! };
  }

  /** The operator's programs have changed their mind. */
  private sendAway(): void {
    if (this.role.kind === "publisher") this.refuse(NOT_ALLOWED.code, NOT_ALLOWED.reason);
    else this.closeAfterWrites("refused.not-allowed");
  }

  private startPublisher(event: PublishRequestedEvent, answer: Admitted | Refused): void {
    const { log, registry, gate, now } = this.context;
    const place = this.placeElsewhere(answer);
    if (place !== null) {
      this.trace.end(null, { "streamhub.handed_over": true });
      if (this.isOpen) this.handOver(place);
      return;
    }
    if (answer.kind === "refused") {
      this.trace.end(answer.code);
      if (!this.isOpen) return;
      const fields = { code: answer.code, connectionId: this.id, address: this.address };
      // Of those that are not looked at the first one is told of (key-tries.ts).
      if (answer.code === "publish.too-many-tries") log.debug(fields, answer.reason);
      else log.warn(fields, answer.reason);
      this.reject(event.streamId, answer.reason, refusedAs(answer));
      return;
    }
    const { slug, streamId } = answer;
    const known = registry.find(slug);
    // The same stream: its encoder has come back, or another one has come.
    const isSame = known !== undefined && known.streamId === streamId;
    if (!this.isOpen) {
      // The peer went, or was sent away, while the gate was asked.
      this.trace.end("the peer is gone");
      if (streamId !== null && !isSame) void gate.ended(streamId, now());
      return;
    }
    if (isSame) {
      if (takesOver(known, answer.secondEncoder, this.address, now())) this.resume(event, known);
      else {
        this.trace.end("refused.already-publishing");
        this.reject(
          event.streamId,
          "Another encoder is publishing with this stream key.",
          "refused.already-publishing",
        );
      }
      return;
    }
    // The gate's word counts: whoever still publishes under this name here lost the channel meanwhile.
    if (known !== undefined) {
      known.refuse("publish.replaced", "Another publisher has taken this channel over.");
      registry.end(known, now());
    }
    const trace = this.trace.child("broadcast", {
      "streamhub.channel": slug,
      ...(streamId === null ? {} : { "streamhub.stream_id": streamId }),
    });
    const broadcast = new LiveBroadcast({ ...answer, startedAt: now(), publisher: this, trace });
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
    this.transcript = null;
    this.since = now();
    // The encoder waits for this answer, and nobody for the log.
    this.guard((events) => this.session.accept(event.streamId, events));
    this.trace.end();
    const traced = traceOf(this.trace);
    log.info({ code, connectionId: this.id, streamId, slug, address: this.address, ...traced }, message);
  }

  private askToPlay(event: PlayRequestedEvent): void {
    const asked = this.admission.play(this.peer, event.name);
    if (asked === null) {
      this.play(event, event.name);
      return;
    }
    this.role = { kind: "asking" };
    asked
      .then((answer) => {
        if (!this.isOpen) return;
        if (typeof answer === "string") this.play(event, answer);
        else {
          const { code, reason } = answer;
          this.context.log.warn({ code, connectionId: this.id, address: this.address }, reason);
          this.rejectPlayer(event, reason, refusedAs(answer));
        }
      })
      .catch((error) => this.failed(error, "A player could not be started"));
  }

  private rejectPlayer(event: PlayRequestedEvent, description: string, reason: CloseReason): void {
    this.session.reject(event.streamId, { level: "error", code: StatusCode.playStreamNotFound, description });
    this.closeAfterWrites(reason);
  }

  private play(event: PlayRequestedEvent, requested: string): void {
    const name = requested.split("?", 1)[0]!;
    const broadcast = this.context.registry.find(name);
    const elsewhere = broadcast === undefined ? this.siblingWith(name) : null;
    if (elsewhere !== null) {
      this.handOver(elsewhere);
      return;
    }
    const place = placeFor(this.context.playback, broadcast, requested, this.id);
    if (broadcast === undefined || typeof place === "string") {
      const description = typeof place === "string" ? place : "Nobody is live under this name.";
      this.rejectPlayer(event, description, "refused.not-found");
      return;
    }
    const held = this.session.accept(event.streamId);
    this.transcript = null;
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
    this.role = { kind: "player", broadcast, player, place };
    if (this.closed) this.leaveRole();
    for (const next of held) this.handle(next);
  }

  /** Null: none has a broadcast of this name, or this connection can't be handed over. */
  private siblingWith(name: string): string | null {
    return this.transcript?.said ? (this.context.siblings?.find(name) ?? null) : null;
  }

  private placeElsewhere(answer: Admitted | Refused): string | null {
    if (answer.kind === "refused") return answer.slug === undefined ? null : this.siblingWith(answer.slug);
    // The database lets nobody in twice; the open gate does not know the siblings.
    const isOurs = answer.streamId !== null || this.context.registry.find(answer.slug) !== undefined;
    return isOurs ? null : this.siblingWith(answer.slug);
  }

  private handOver(path: string): void {
    const { metrics, limits, log } = this.context;
    metrics.handedOver();
    // The operator's programs are asked by whoever has it.
    this.admission.leave();
    log.debug({ code: "connection.handed-over", connectionId: this.id, address: this.address }, "A sibling has it");
    const relay = startHandOver({
      path,
      address: this.address,
      said: this.transcript?.said ?? [],
      onBytes: (bytes) => {
        if (!this.isOpen) return;
        this.queue.write(bytes);
        if (this.queue.size === 0) releaseMemory(bytes);
        else if (this.queue.size > limits.maxPlayerQueue) this.finish("limit.player-queue");
      },
      onClosed: () => this.closeAfterWrites("handed-over"),
    });
    this.transcript = null;
    this.role = { kind: "elsewhere", relay };
  }

  private passOn(relay: HandOver, bytes: Uint8Array): void {
    relay.write(bytes);
    if (relay.size === 0) releaseMemory(bytes);
    else if (relay.size > this.context.limits.maxPlayerQueue) this.finish("limit.player-queue");
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
    this.admission.leave();
    this.since = now();
    if (role.kind === "player") {
      role.player.stop();
      role.place.leave();
    }
    if (role.kind === "elsewhere") role.relay.close();
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
    log.info({ code, connectionId: this.id, streamId, slug, ...stats, ...traceOf(broadcast.trace) }, message);
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

export const systemNow = (): Milliseconds => ms(Date.now());
