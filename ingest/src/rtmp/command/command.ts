/** Command messages, RTMP 1.0 §7.2: AMF0 in type 20; in type 17 one zero byte, then AMF0 that may switch to AMF3 value by value. */
import { WireError } from "../../bytes/wire-error.ts";
import { decodeAmf0 } from "../amf0/decode.ts";
import { encodeAmf0 } from "../amf0/encode.ts";
import type { AmfValue } from "../amf0/value.ts";
import { type Message, MessageType } from "../chunk/header.ts";
import type { SessionLimits } from "../limits.ts";

export interface Command {
  readonly name: string;
  readonly transactionId: number;
  /** Command object first (null where a command has none), then the arguments. */
  readonly args: readonly AmfValue[];
  readonly streamId: number;
}

export function decodeCommand(message: Message, limits: SessionLimits): Command {
  const body = message.typeId === MessageType.commandAmf3 ? withoutFormat(message.payload) : message.payload;
  const [name, transactionId, ...args] = decodeAmf0(body, limits);
  if (typeof name !== "string")
    throw new WireError("command.malformed", "a command message must begin with the command's name");
  // GStreamer's rtmp2sink and some hardware leave the transaction id out or send null: 0 then, "no answer expected" (§7.2.1.1).
  return {
    name,
    transactionId: typeof transactionId === "number" ? transactionId : 0,
    args,
    streamId: message.streamId,
  };
}

export function encodeCommand(name: string, transactionId: number, args: readonly AmfValue[], streamId = 0): Message {
  return {
    typeId: MessageType.commandAmf0,
    streamId,
    timestamp: 0,
    payload: encodeAmf0([name, transactionId, ...args]),
  };
}

/** The AMF0 part of an AMF3 message (types 15 and 17): the first byte is the format selector, always 0. */
export function withoutFormat(payload: Uint8Array): Uint8Array {
  return payload.length > 0 && payload[0] === 0 ? payload.subarray(1) : payload;
}
