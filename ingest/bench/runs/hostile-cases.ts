/** The rows of bad input that every server should survive, as bytes (RTMP 1.0 §5.2, §5.3, §5.4.1). */
import { ByteWriter } from "../../src/bytes/writer.ts";
import { Csid } from "../../src/rtmp/chunk/csid.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { DEFAULT_CHUNK_SIZE, MessageType } from "../../src/rtmp/chunk/header.ts";
import { encodeCommand } from "../../src/rtmp/command/command.ts";
import { encodeSetChunkSize } from "../../src/rtmp/message/control.ts";

export interface HostileCase {
  readonly name: string;
  readonly connections: number;
  readonly bytes: Uint8Array;
  /** The close reason that the metrics must count for it. */
  readonly reason: string;
}

const MIB = 1024 * 1024;
const PACKET = 1536;

function random(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Random bytes that can not be taken for RTMP version 3. */
function noise(count: number): Uint8Array {
  const bytes = random(count);
  bytes[0] = bytes[0]! | 0x80;
  return bytes;
}

const c0c1 = (): Uint8Array =>
  new ByteWriter()
    .u8(3)
    .u32(0)
    .u32(0)
    .bytes(random(PACKET - 8))
    .take();
/** C0 C1 C2 without waiting for S1: no server compares C2. */
const afterHandshake = (...parts: Uint8Array[]): Uint8Array => {
  const writer = new ByteWriter().bytes(c0c1()).bytes(random(PACKET));
  for (const part of parts) writer.bytes(part);
  return writer.take();
};

const setChunkSize = (size: number): Uint8Array =>
  encodeMessage(encodeSetChunkSize(size), Csid.protocolControl, DEFAULT_CHUNK_SIZE);
/** fmt 0 of a video message of 0xFFFFFF bytes on message stream 1. */
const hugeHeader = (): Uint8Array =>
  new ByteWriter().u8(Csid.video).u24(0).u24(0xffffff).u8(MessageType.video).u32le(1).take();

function truncatedConnect(): Uint8Array {
  const message = encodeCommand("connect", 1, [{ app: "live", tcUrl: "rtmp://127.0.0.1/live" }]);
  const payload = message.payload.subarray(0, message.payload.length - 12);
  return encodeMessage({ ...message, payload }, Csid.command, DEFAULT_CHUNK_SIZE);
}

export function hostileCases(connections: number): readonly HostileCase[] {
  const none = new Uint8Array(0);
  const tooLarge = "message.too-large";
  const row = (name: string, reason: string, bytes: Uint8Array, count = connections): HostileCase => ({
    name,
    reason,
    bytes,
    connections: count,
  });
  return [
    row("random bytes", "handshake.version", noise(8_192)),
    row("TCP only, then silence", "limit.handshake-timeout", none),
    row("half a C1, then silence", "limit.handshake-timeout", c0c1().subarray(0, PACKET / 2)),
    row("whole handshake, then silence", "limit.setup-timeout", afterHandshake()),
    row("chunk size 16 MiB, header of 0xFFFFFF", tooLarge, afterHandshake(setChunkSize(16 * MIB), hugeHeader())),
    row("chunk size 0", "chunk.size-invalid", afterHandshake(setChunkSize(0))),
    row("header of 0xFFFFFF, no data", tooLarge, afterHandshake(hugeHeader())),
    row(
      "the same + 8 MiB of body",
      tooLarge,
      afterHandshake(setChunkSize(16 * MIB), hugeHeader(), new Uint8Array(8 * MIB)),
      Math.ceil(connections / 4),
    ),
    row("connect with truncated AMF0", "amf.truncated", afterHandshake(truncatedConnect())),
  ];
}
