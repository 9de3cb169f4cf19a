/** Data messages (RTMP 1.0 §7.1.2) of a publisher: the FLV script body inside, without the server-side handler's name. */
import { type Message, MessageType } from "../chunk/header.ts";
import { withoutFormat } from "../command/command.ts";

/** An AMF0 string value: marker 2, length, text. */
function amf0String(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  return new Uint8Array([2, 0, encoded.length, ...encoded]);
}

const SET_DATA_FRAME = amf0String("@setDataFrame");
const CLEAR_DATA_FRAME = amf0String("@clearDataFrame");

const startsWith = (body: Uint8Array, prefix: Uint8Array): boolean =>
  body.length >= prefix.length && prefix.every((byte, i) => body[i] === byte);

/** The script body to keep (`onMetaData` and its object), or null for a message that asks to forget it. */
export function scriptBody(message: Message): Uint8Array | null {
  const body = message.typeId === MessageType.dataAmf3 ? withoutFormat(message.payload) : message.payload;
  if (startsWith(body, SET_DATA_FRAME)) return body.subarray(SET_DATA_FRAME.length);
  if (startsWith(body, CLEAR_DATA_FRAME)) return null;
  return body;
}

/** The data message body that publishes `script` as the stream's metadata. */
export function setDataFrame(script: Uint8Array): Uint8Array {
  const body = new Uint8Array(SET_DATA_FRAME.length + script.length);
  body.set(SET_DATA_FRAME);
  body.set(script, SET_DATA_FRAME.length);
  return body;
}
