/** Protocol control messages (RTMP 1.0 §5.4) and user control messages (§7.1.7). All go on chunk stream 2, message stream 0. */
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { type Message, MessageType } from "../chunk/header.ts";

/** §5.4.5 */
export const BandwidthLimit = { hard: 0, soft: 1, dynamic: 2 } as const;
export type BandwidthLimit = (typeof BandwidthLimit)[keyof typeof BandwidthLimit];

/** §7.1.7 event types. */
export const UserControlType = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(UserControlType));

export interface UserControlEvent {
  readonly type: number;
  /** Message stream id, or the timestamp of a ping. */
  readonly value: number;
  /** Milliseconds, of setBufferLength. */
  readonly bufferLength?: number;
}

function control(typeId: number, payload: Uint8Array): Message {
  return { typeId, streamId: 0, timestamp: 0, payload };
}

const u32 = (value: number): Uint8Array => new ByteWriter(4).u32(value).take();

export const encodeSetChunkSize = (size: number): Message => control(MessageType.setChunkSize, u32(size));
export const encodeAbort = (csid: number): Message => control(MessageType.abort, u32(csid));
export const encodeAcknowledgement = (received: number): Message =>
  control(MessageType.acknowledgement, u32(received >>> 0));
export const encodeWindowAcknowledgementSize = (size: number): Message =>
  control(MessageType.windowAcknowledgementSize, u32(size));

export function encodeSetPeerBandwidth(size: number, limit: BandwidthLimit): Message {
  return control(MessageType.setPeerBandwidth, new ByteWriter(5).u32(size).u8(limit).take());
}

export function encodeUserControl(event: UserControlEvent): Message {
  const writer = new ByteWriter(10).u16(event.type).u32(event.value);
  if (event.bufferLength !== undefined) writer.u32(event.bufferLength);
  return control(MessageType.userControl, writer.take());
}

/** The 32-bit value of an acknowledgement, window size or peer bandwidth message. */
export function decodeControlValue(payload: Uint8Array): number {
  return new ByteReader(payload, "message.malformed").u32();
}

export function decodeUserControl(payload: Uint8Array): UserControlEvent {
  const reader = new ByteReader(payload, "message.malformed");
  const type = reader.u16();
  // Types that §7.1.7 does not have are none of our business, nor is their length (Flash's SWF verification has no value).
  if (!KNOWN_TYPES.has(type)) return { type, value: 0 };
  const value = reader.u32();
  return type === UserControlType.setBufferLength ? { type, value, bufferLength: reader.u32() } : { type, value };
}
