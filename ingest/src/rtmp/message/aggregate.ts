/**
 * Aggregate message, RTMP 1.0 §7.1.6: messages in FLV tag form, each followed by a 4-byte back pointer.
 * type(1) length(3) timestamp(3) timestamp high byte(1) message stream id(3, ignored) body back-pointer(4)
 */
import { ByteReader } from "../../bytes/reader.ts";
import type { Message } from "../chunk/header.ts";

/** The messages inside, renumbered: first one at the aggregate's own timestamp, the others as far from it as they were inside. */
export function decodeAggregate(aggregate: Message): Message[] {
  const reader = new ByteReader(aggregate.payload, "message.malformed");
  const messages: Message[] = [];
  let offset: number | null = null;
  while (reader.remaining > 0) {
    const typeId = reader.u8();
    const length = reader.u24();
    const timestamp = (reader.u24() | (reader.u8() << 24)) >>> 0;
    reader.u24();
    const payload = reader.bytes(length);
    // Some senders leave the last back pointer out.
    if (reader.remaining > 0) reader.u32();
    // §7.1.6: "the difference is the offset to renormalize" all inner timestamps.
    offset ??= aggregate.timestamp - timestamp;
    messages.push({ typeId, streamId: aggregate.streamId, timestamp: (timestamp + offset) >>> 0, payload });
  }
  return messages;
}
