/**
 * The client's side of one RTMP connection as a value: an encoder or a player. Used by benchmarks, tests and tools.
 *
 * | state       | on                         | sends                                         | next       |
 * | ----------- | -------------------------- | --------------------------------------------- | ---------- |
 * | handshaking | S0 S1 S2                   | C2, Set Chunk Size, connect                    | connecting |
 * | connecting  | _result of connect         | releaseStream, FCPublish (publish), createStream | creating   |
 * | creating    | _result of createStream    | publish or play                                | starting   |
 * | starting    | onStatus *.Publish.Start / Play.Start | -                                   | started    |
 * | any         | _error, onStatus of level error | -                                         | failed     |
 */
import { WireError } from "../../bytes/wire-error.ts";
import { type AmfValue, amfProperty } from "../amf0/value.ts";
import { ChunkDecoder } from "../chunk/decoder.ts";
import { type Message, MessageType } from "../chunk/header.ts";
import { type Command, decodeCommand, encodeCommand } from "../command/command.ts";
import { StatusCode } from "../command/status.ts";
import { ClientHandshake, type ClientHandshakeKind } from "../handshake/client.ts";
import type { HandshakeCrypto } from "../handshake/crypto.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../limits.ts";
import { decodeAggregate } from "../message/aggregate.ts";
import {
  decodeControlValue,
  decodeUserControl,
  encodeAcknowledgement,
  encodeUserControl,
  UserControlType,
} from "../message/control.ts";
import { setDataFrame } from "../message/data.ts";
import { Acknowledger } from "./acknowledger.ts";
import type { MediaEvent } from "./events.ts";
import { mediaEvent } from "./media.ts";
import { Outbox } from "./outbox.ts";

export type ClientState = "handshaking" | "connecting" | "creating" | "starting" | "started" | "failed";

export interface ClientSessionOptions {
  readonly crypto: HandshakeCrypto;
  readonly handshake: ClientHandshakeKind;
  readonly mode: "publish" | "play";
  readonly app: string;
  readonly tcUrl: string;
  /** Stream key of a publish, public name of a play. */
  readonly name: string;
  readonly flashVer?: string;
  readonly chunkSize?: number;
  /** E-RTMP capsEx flags to announce; none by default. */
  readonly capsEx?: number;
  readonly limits?: SessionLimits;
}

export type ClientEvent =
  | MediaEvent
  | { readonly type: "connected"; readonly information: AmfValue }
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly code: string; readonly description: string }
  | { readonly type: "status"; readonly code: string; readonly description: string };

const text = (value: AmfValue): string => (typeof value === "string" ? value : "");

const CONNECT_TRANSACTION = 1;
const CREATE_STREAM_TRANSACTION = 4;

export class ClientSession {
  private readonly handshake: ClientHandshake;
  private readonly decoder: ChunkDecoder;
  private readonly acknowledger = new Acknowledger();
  private readonly out = new Outbox();
  private readonly limits: SessionLimits;
  private current: ClientState = "handshaking";
  private streamId = 0;

  constructor(private readonly options: ClientSessionOptions) {
    this.limits = options.limits ?? DEFAULT_SESSION_LIMITS;
    this.handshake = new ClientHandshake(options.handshake, options.crypto);
    this.decoder = new ChunkDecoder(this.limits);
    this.out.raw(this.handshake.begin());
  }

  get state(): ClientState {
    return this.current;
  }

  /** The message stream that createStream made; 0 before. */
  get mediaStreamId(): number {
    return this.streamId;
  }

  /** True once the server proved with its digests that it is a server that knows them. */
  get serverVerified(): boolean {
    return this.handshake.verified;
  }

  /** Throws WireError when the server breaks the protocol; what came before that is in `events`. */
  receive(bytes: Uint8Array, events: ClientEvent[] = []): ClientEvent[] {
    let rest = bytes;
    this.acknowledger.count(bytes.length);
    if (this.current === "handshaking") {
      rest = bytes.subarray(this.handshake.push(bytes));
      if (!this.handshake.done) return events;
      const reply = this.handshake.takeReply();
      if (reply !== null) this.out.raw(reply);
      this.connect();
    }
    this.decoder.push(rest);
    for (let message = this.decoder.next(); message !== null; message = this.decoder.next())
      this.handle(message, events);
    const sequence = this.acknowledger.due();
    if (sequence !== null) this.out.message(encodeAcknowledgement(sequence));
    return events;
  }

  /** Queues one media message. `payload` is an FLV tag body. */
  sendMedia(kind: MediaEvent["kind"], timestamp: number, payload: Uint8Array): void {
    const typeId = kind === "audio" ? MessageType.audio : kind === "video" ? MessageType.video : MessageType.dataAmf0;
    const body = kind === "script" ? setDataFrame(payload) : payload;
    this.out.message({ typeId, streamId: this.streamId, timestamp: timestamp >>> 0, payload: body });
  }

  /** Queues a data message as it is: a cue point, a text. `payload` is an FLV script body. */
  sendData(timestamp: number, payload: Uint8Array): void {
    this.out.message({
      typeId: MessageType.dataAmf0,
      streamId: this.streamId,
      timestamp: timestamp >>> 0,
      payload,
    });
  }

  /** FMLE's orderly end. */
  unpublish(): void {
    this.out.message(encodeCommand("FCUnpublish", 0, [null, this.options.name]));
    this.out.message(encodeCommand("deleteStream", 0, [null, this.streamId]));
  }

  output(): Uint8Array {
    return this.out.take();
  }

  private connect(): void {
    const { app, tcUrl, flashVer = "FMLE/3.0 (compatible; StreamHub)", chunkSize, capsEx, mode } = this.options;
    this.current = "connecting";
    if (chunkSize !== undefined) this.out.setChunkSize(chunkSize);
    this.out.message(
      encodeCommand("connect", CONNECT_TRANSACTION, [
        {
          app,
          ...(mode === "publish" ? { type: "nonprivate" } : {}),
          flashVer,
          tcUrl,
          ...(capsEx === undefined ? {} : { capsEx, fourCcList: ["*"] }),
        },
      ]),
    );
  }

  private media(message: Message, events: ClientEvent[]): void {
    const event = mediaEvent(message);
    if (event !== null) events.push(event);
  }

  private handle(message: Message, events: ClientEvent[]): void {
    switch (message.typeId) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        this.media(message, events);
        return;
      case MessageType.aggregate:
        for (const inner of decodeAggregate(message)) this.media(inner, events);
        return;
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        this.command(decodeCommand(message, this.limits), events);
        return;
      case MessageType.windowAcknowledgementSize:
        this.acknowledger.setWindow(decodeControlValue(message.payload));
        return;
      case MessageType.userControl: {
        const control = decodeUserControl(message.payload);
        if (control.type === UserControlType.pingRequest) {
          this.out.message(encodeUserControl({ type: UserControlType.pingResponse, value: control.value }));
        }
        return;
      }
      default:
        return;
    }
  }

  private command(command: Command, events: ClientEvent[]): void {
    if (command.name === "_result" && command.transactionId === CONNECT_TRANSACTION && this.current === "connecting") {
      events.push({ type: "connected", information: command.args[1] });
      this.createStream();
    } else if (
      command.name === "_result" &&
      command.transactionId === CREATE_STREAM_TRANSACTION &&
      this.current === "creating"
    ) {
      this.begin(command.args[1]);
    } else if (command.name === "_error" || command.name === "onStatus") {
      this.status(command, events);
    }
  }

  private createStream(): void {
    const { mode, name } = this.options;
    if (mode === "publish") {
      this.out.message(encodeCommand("releaseStream", 2, [null, name]));
      this.out.message(encodeCommand("FCPublish", 3, [null, name]));
    }
    this.out.message(encodeCommand("createStream", CREATE_STREAM_TRANSACTION, [null]));
    this.current = "creating";
  }

  private begin(streamId: AmfValue): void {
    if (typeof streamId !== "number")
      throw new WireError("command.malformed", "createStream was answered without a message stream id");
    this.streamId = streamId;
    this.current = "starting";
    const { mode, name } = this.options;
    const args = mode === "publish" ? [null, name, "live"] : [null, name, -2000];
    this.out.message(encodeCommand(mode, 5, args, streamId));
  }

  private status(command: Command, events: ClientEvent[]): void {
    const information = command.args[1];
    const code = text(amfProperty(information, "code")) || command.name;
    const description = text(amfProperty(information, "description"));
    // releaseStream and FCPublish are courtesies that many servers refuse: only what we wait for can fail us.
    const courtesy = command.name === "_error" && (command.transactionId === 2 || command.transactionId === 3);
    if (courtesy) return;
    if (command.name === "_error" || amfProperty(information, "level") === "error") {
      this.current = "failed";
      events.push({ type: "failed", code, description });
    } else if (this.current === "starting" && (code === StatusCode.publishStart || code === StatusCode.playStart)) {
      this.current = "started";
      events.push({ type: "started" });
    } else {
      events.push({ type: "status", code, description });
    }
  }
}
