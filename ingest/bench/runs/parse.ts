/**
 * Chunk decode and FLV headers of whole publishing sessions, without sockets. The bytes come in reads of 64 KiB, as from a busy socket;
 * handshake and setup are fed before the clock starts, and the media of a session again and again after that.
 */
import { ms } from "../../src/bytes/units.ts";
import { makeMediaTag } from "../../src/live/media-tag.ts";
import { ChunkDecoder } from "../../src/rtmp/chunk/decoder.ts";
import { type Message, MessageType } from "../../src/rtmp/chunk/header.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/rtmp/limits.ts";

export interface Session {
  readonly name: string;
  /** Chunk stream from the first byte after the handshake. */
  readonly bytes: Uint8Array;
}

export interface ParseResult {
  readonly session: string;
  readonly megabytesPerSecond: number;
  readonly messagesPerSecond: number;
  readonly bytesPerMessage: number;
}

const READ = 64 * 1024;

function splitReads(bytes: Uint8Array): Uint8Array[] {
  const reads: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += READ) reads.push(bytes.subarray(at, at + READ));
  return reads;
}

interface Counts {
  messages: number;
  /** Something that depends on all results, so that none can be optimized away. */
  check: number;
}

function readHeader(message: Message, counts: Counts): void {
  counts.messages++;
  const { typeId, timestamp, payload } = message;
  if (typeId !== MessageType.video && typeId !== MessageType.audio) return;
  const tag = makeMediaTag(typeId === MessageType.video ? "video" : "audio", ms(timestamp), payload);
  if (tag !== null) counts.check += tag.timestamp + (tag.isKeyframe ? 1 : 0);
}

/** One pass over a whole session: a decoder of its own, as every connection has. */
export function parseOnce(reads: readonly Uint8Array[], counts: Counts): void {
  const decoder = new ChunkDecoder(DEFAULT_SESSION_LIMITS);
  for (const read of reads) {
    decoder.push(read);
    for (let message = decoder.next(); message !== null; message = decoder.next()) readHeader(message, counts);
  }
}

export function runParse(session: Session, seconds: number): ParseResult {
  const reads = splitReads(session.bytes);
  const counts: Counts = { messages: 0, check: 0 };
  // Warm-up: the compilers' tiers, by time.
  const warmEnd = performance.now() + 500;
  while (performance.now() < warmEnd) parseOnce(reads, counts);
  counts.messages = 0;
  let bytes = 0;
  const start = process.cpuUsage();
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    parseOnce(reads, counts);
    bytes += session.bytes.length;
  }
  // CPU time of all threads: the garbage collector's work is part of the price, other programs' is not.
  const used = process.cpuUsage(start);
  const cpu = (used.user + used.system) / 1e6;
  return {
    session: session.name,
    megabytesPerSecond: bytes / 1e6 / cpu,
    messagesPerSecond: counts.messages / cpu,
    bytesPerMessage: bytes / counts.messages,
  };
}

/**
 * Bytes allocated per message. Meant for a process whose collector is switched off (BUN_JSC_useGC=0): then growth of the heap and of
 * resident memory is all that was allocated, garbage included.
 */
export function measureAllocation(session: Session): { heapPerMessage: number; allPerMessage: number } {
  const reads = splitReads(session.bytes);
  const counts: Counts = { messages: 0, check: 0 };
  for (let round = 0; round < 20; round++) parseOnce(reads, counts);
  const rounds = Math.max(1, Math.round(48e6 / session.bytes.length));
  counts.messages = 0;
  const before = process.memoryUsage();
  for (let round = 0; round < rounds; round++) parseOnce(reads, counts);
  const after = process.memoryUsage();
  return {
    heapPerMessage: (after.heapTotal - before.heapTotal) / counts.messages,
    allPerMessage: (after.rss - before.rss) / counts.messages,
  };
}
