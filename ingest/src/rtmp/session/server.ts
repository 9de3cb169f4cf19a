/**
 * The server's side of one RTMP connection as a value: bytes in, events and bytes out. No socket, clock or promise.
 * Its states and their tables: `state.ts`. Commands: `server-commands.ts`.
 */
import { WireError } from "../../bytes/wire-error.ts";
import { ChunkDecoder } from "../chunk/decoder.ts";
import { type Message, MessageType } from "../chunk/header.ts";
import { decodeCommand } from "../command/command.ts";
import { CapsEx, type ConnectRequest } from "../command/connect.ts";
import { encodeOnStatus, type Status, StatusCode } from "../command/status.ts";
import type { HandshakeCrypto } from "../handshake/crypto.ts";
import { ServerHandshake } from "../handshake/server.ts";
import { decodeAggregate } from "../message/aggregate.ts";
import {
  decodeControlValue,
  decodeUserControl,
  encodeAcknowledgement,
  encodeUserControl,
  encodeWindowAcknowledgementSize,
  UserControlType,
} from "../message/control.ts";
import { Acknowledger, WINDOW_SIZE } from "./acknowledger.ts";
import type { CommandSession } from "./command-session.ts";
import type { MediaEvent, ServerEvent } from "./events.ts";
import { mediaEvent } from "./media.ts";
import { Outbox } from "./outbox.ts";
import { runCommand } from "./server-commands.ts";
import {
  type ConnectionEvent,
  type ConnectionState,
  type StreamEvent,
  type StreamState,
  transitionConnection,
  transitionStream,
} from "./state.ts";

/** What keeping a read costs beside its bytes: without it a peer that sends byte by byte would make us hold a hundred times the limit. */
const HELD_READ_OVERHEAD = 128;

export type ServerSessionOptions = CommandSession["options"] & {
  readonly crypto: HandshakeCrypto;
  /**
   * Gets media at once, payloads good for the call only, instead of finding them among the events with payloads that last. Their
   * order against the events does not matter: no media of a stream come before its accept or after its end.
   */
  readonly onMedia?: (event: MediaEvent) => void;
};

export class ServerSession implements CommandSession {
  private readonly handshake: ServerHandshake;
  private readonly decoder: ChunkDecoder;
  private readonly acknowledger = new Acknowledger();
  private readonly streams = new Map<number, StreamState>();
  private connection: ConnectionState = "handshaking";
  /** The message stream whose publish or play the owner has to answer. */
  private waiting: number | null = null;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private nextStreamId = 1;
  readonly out = new Outbox();
  request: ConnectRequest | null = null;

  constructor(readonly options: ServerSessionOptions) {
    this.handshake = new ServerHandshake(options.crypto);
    this.decoder = new ChunkDecoder(options.limits);
    this.decoder.reusesMemory = options.onMedia !== undefined;
    this.decoder.maxMessageSize = Math.min(options.limits.maxMessageSize, options.limits.maxSetupMessageSize);
  }

  get state(): ConnectionState {
    return this.connection;
  }

  /** Bytes reserved for the peer's unfinished messages. */
  get unfinishedBytes(): number {
    return this.decoder.unfinishedBytes;
  }

  /** True when no view of received bytes is kept here: all that is left of them are the events' payloads. */
  get isDrained(): boolean {
    return this.waiting === null && this.decoder.isDrained;
  }

  streamState(streamId: number): StreamState | undefined {
    return this.streams.get(streamId);
  }

  streamIds(): Iterable<number> {
    return this.streams.keys();
  }

  /**
   * Takes bytes from the peer, and keeps views of them. Throws WireError: the connection is over then. What came before the
   * violation is in `events` all the same, so that it never depends on how the bytes were split into reads.
   */
  receive(bytes: Uint8Array, events: ServerEvent[] = []): ServerEvent[] {
    if (this.connection === "closed") return events;
    this.acknowledger.count(bytes.length);
    if (this.waiting !== null) {
      this.hold(bytes);
      return events;
    }
    let rest = bytes;
    if (this.connection === "handshaking") {
      rest = bytes.subarray(this.handshake.push(bytes));
      const reply = this.handshake.takeReply();
      if (reply !== null) this.out.raw(reply);
      if (!this.handshake.done) return events;
      this.moveConnection("handshake-done");
    }
    this.decoder.push(rest);
    this.drain(events);
    this.acknowledge();
    return events;
  }

  /** Lets the pending publish or play begin; returns what the peer had sent behind it. Throws like `receive`. */
  accept(streamId: number, events: ServerEvent[] = []): ServerEvent[] {
    const publishing = this.streams.get(streamId) === "publish-pending";
    this.moveStream(streamId, "accept");
    if (publishing) {
      this.decoder.maxMessageSize = this.options.limits.maxMessageSize;
      this.out.message(encodeUserControl({ type: UserControlType.streamBegin, value: streamId }));
      this.status(streamId, "status", StatusCode.publishStart, "Publishing started.");
    } else {
      this.out.message(encodeUserControl({ type: UserControlType.streamBegin, value: streamId }));
      this.status(streamId, "status", StatusCode.playReset, "Playing and resetting.");
      this.status(streamId, "status", StatusCode.playStart, "Started playing.");
    }
    return this.resume(events);
  }

  /** Refuses the pending publish or play. The owner sends `output()` and closes: OBS hangs when the connection stays open. */
  reject(streamId: number, status: Status): void {
    this.moveStream(streamId, "reject");
    this.status(streamId, status.level, status.code, status.description);
    this.close();
  }

  /** Ends a publisher from our side with a reason, and the connection with it. */
  endPublish(streamId: number, status: Status): void {
    if (this.streams.get(streamId) === "publishing") this.moveStream(streamId, "unpublish");
    this.status(streamId, status.level, status.code, status.description);
    this.close();
  }

  /** Tells a player that the publisher is gone. */
  endPlay(streamId: number): void {
    if (this.streams.get(streamId) !== "playing") return;
    this.moveStream(streamId, "stop");
    this.out.message(encodeUserControl({ type: UserControlType.streamEof, value: streamId }));
    this.status(streamId, "status", StatusCode.playUnpublishNotify, "The publisher has stopped.");
    this.status(streamId, "status", StatusCode.playStop, "Stopped playing.");
  }

  /** E-RTMP v2 reconnect request; false when the peer did not announce that it understands one. */
  requestReconnect(description: string): boolean {
    if (this.connection !== "connected" || ((this.request?.capsEx ?? 0) & CapsEx.reconnect) === 0) return false;
    this.out.message(encodeOnStatus({ level: "status", code: StatusCode.reconnectRequest, description }, 0));
    return true;
  }

  ping(timestamp: number): void {
    if (this.connection === "connected")
      this.out.message(encodeUserControl({ type: UserControlType.pingRequest, value: timestamp >>> 0 }));
  }

  /** No further byte is read; what is in `output()` may still be sent. */
  close(): void {
    this.moveConnection("close");
    this.held = [];
  }

  /** Bytes to send, joined: one write per answer. */
  output(): Uint8Array {
    return this.out.take();
  }

  // The rest is for server-commands.ts.

  status(streamId: number, level: Status["level"], code: StatusCode, description: string): void {
    this.out.message(encodeOnStatus({ level, code, description }, streamId));
  }

  moveConnection(event: ConnectionEvent): void {
    const next = transitionConnection(this.connection, event);
    if (next === null) throw new WireError("command.out-of-order", `${event} is not possible while ${this.connection}`);
    this.connection = next;
  }

  moveStream(streamId: number, event: StreamEvent): void {
    const state = this.streams.get(streamId);
    const next = state === undefined ? null : transitionStream(state, event);
    if (next === null) {
      throw new WireError(
        "command.out-of-order",
        `${event} is not possible on message stream ${streamId} (${state ?? "not created"})`,
      );
    }
    this.streams.set(streamId, next);
    if (event === "publish" || event === "play") this.waiting = streamId;
    else if (this.waiting === streamId) this.waiting = null;
  }

  openStream(): number {
    if (this.streams.size >= this.options.limits.maxMessageStreams) {
      throw new WireError(
        "session.too-many-message-streams",
        `more than ${this.options.limits.maxMessageStreams} message streams`,
      );
    }
    const id = this.nextStreamId++;
    this.streams.set(id, "idle");
    return id;
  }

  /** Ends what the stream was doing; returns the event that says so. */
  stopStream(streamId: number): ServerEvent | null {
    const state = this.streams.get(streamId);
    if (state === "publishing") {
      this.moveStream(streamId, "unpublish");
      this.status(streamId, "status", StatusCode.unpublishSuccess, "Publishing stopped.");
      return { type: "publish-ended", streamId };
    }
    if (state === "playing") {
      this.moveStream(streamId, "stop");
      this.status(streamId, "status", StatusCode.playStop, "Stopped playing.");
      return { type: "play-ended", streamId };
    }
    return null;
  }

  deleteStream(streamId: number): void {
    this.streams.delete(streamId);
  }

  private acknowledge(): void {
    if (this.connection !== "connected") return;
    const sequence = this.acknowledger.due();
    if (sequence !== null) this.out.message(encodeAcknowledgement(sequence));
  }

  private hold(bytes: Uint8Array): void {
    this.heldBytes += bytes.length + HELD_READ_OVERHEAD;
    if (this.heldBytes > this.options.limits.maxHeldBytes) {
      throw new WireError(
        "session.held-bytes-limit",
        `more than ${this.options.limits.maxHeldBytes} bytes sent before the answer`,
      );
    }
    this.held.push(bytes);
  }

  private resume(events: ServerEvent[]): ServerEvent[] {
    const { held } = this;
    this.held = [];
    this.heldBytes = 0;
    this.drain(events);
    for (const bytes of held) {
      if (this.waiting !== null) {
        this.hold(bytes);
      } else if (this.connection !== "closed") {
        this.decoder.push(bytes);
        this.drain(events);
      }
    }
    this.acknowledge();
    return events;
  }

  private drain(events: ServerEvent[]): void {
    while (this.waiting === null && this.connection !== "closed") {
      const message = this.decoder.next();
      if (message === null) return;
      this.handle(message, events);
    }
  }

  private media(message: Message, events: ServerEvent[]): void {
    if (this.streams.get(message.streamId) !== "publishing") return;
    const event = mediaEvent(message);
    if (event === null) return;
    if (this.options.onMedia === undefined) events.push(event);
    else this.options.onMedia(event);
  }

  private handle(message: Message, events: ServerEvent[]): void {
    const { typeId, payload } = message;
    switch (typeId) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        this.media(message, events);
        return;
      case MessageType.aggregate:
        // Taken apart for a publisher only: for anybody else its thousands of parts would be dropped one by one.
        if (this.streams.get(message.streamId) === "publishing")
          for (const inner of decodeAggregate(message)) this.media(inner, events);
        return;
      case MessageType.commandAmf0:
      case MessageType.commandAmf3: {
        const event = runCommand(this, decodeCommand(message, this.options.limits));
        if (event !== null) events.push(event);
        return;
      }
      case MessageType.windowAcknowledgementSize:
        this.acknowledger.setWindow(decodeControlValue(payload));
        return;
      case MessageType.setPeerBandwidth:
        // §5.4.5: "SHOULD respond with a Window Acknowledgement Size message".
        decodeControlValue(payload);
        if (this.connection === "connected") this.out.message(encodeWindowAcknowledgementSize(WINDOW_SIZE));
        return;
      case MessageType.userControl: {
        const control = decodeUserControl(payload);
        if (control.type === UserControlType.pingRequest && this.connection === "connected") {
          this.out.message(encodeUserControl({ type: UserControlType.pingResponse, value: control.value }));
        }
        return;
      }
      default:
        return; // Shared objects, acknowledgements and unknown types: nothing for us to do (§7.1.3).
    }
  }
}
