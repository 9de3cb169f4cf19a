/**
 * A source as a loop of ready-made RTMP chunks. Every message is encoded once for all publishers; only the timestamp (and the message
 * stream id, which the server chooses) is written into it before each send. That keeps the generator far leaner than any server.
 */

import { readAudioHeader } from "../../src/flv/audio.ts";
import { readVideoHeader } from "../../src/flv/video.ts";
import { Csid } from "../../src/rtmp/chunk/csid.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { EXTENDED_TIMESTAMP, MessageType } from "../../src/rtmp/chunk/header.ts";
import { makeClockNal, placeOfClock } from "./clock.ts";
import { type FlvTag, readFlvTags } from "./flv-file.ts";

export interface TimedMessage {
  /** Milliseconds after the loop's start. */
  readonly at: number;
  /** All of its chunks: fmt 0 on a one-byte chunk stream id, so the header's fields lie at fixed places. */
  readonly chunks: Uint8Array;
  readonly isKeyframe: boolean;
  readonly isVideo: boolean;
  /** Where the clock's NAL stands in `chunks`; -1: there is none. */
  readonly clockAt: number;
}

export interface Timeline {
  /** Metadata and decoder configurations: sent once, first. */
  readonly setup: readonly FlvTag[];
  readonly messages: readonly TimedMessage[];
  /** Milliseconds from a loop's first message to the next loop's. */
  readonly duration: number;
  /** Chunk bytes of one loop. */
  readonly bytes: number;
}

/** Basic header of one byte and message header of fmt 0. */
const CHUNK_HEADER = 12;

function isSetup({ kind, body }: FlvTag): boolean {
  if (kind === "script") return true;
  const header = kind === "video" ? readVideoHeader(body) : readAudioHeader(body);
  return header !== null && header.packet !== "frame";
}

const isKeyframe = ({ kind, body }: FlvTag): boolean => kind === "video" && readVideoHeader(body)?.isKeyframe === true;

/** The body with the clock's NAL in it, and where that begins; as it was where a clock has no place. */
function withClock(tag: FlvTag, chunkSize: number): { tag: FlvTag; clockAt: number } {
  const place = tag.kind === "video" ? placeOfClock(tag.body) : null;
  const nal = makeClockNal();
  // It is stamped in place: it must lie in the first chunk.
  if (place === null || place + nal.length > chunkSize) return { tag, clockAt: -1 };
  const body = new Uint8Array(tag.body.length + nal.length);
  body.set(tag.body.subarray(0, place));
  body.set(nal, place);
  body.set(tag.body.subarray(place), place + nal.length);
  return { tag: { ...tag, body }, clockAt: CHUNK_HEADER + place };
}

function encodeTag(tag: FlvTag, chunkSize: number): Uint8Array {
  const isVideo = tag.kind === "video";
  const typeId = isVideo ? MessageType.video : MessageType.audio;
  const message = { typeId, streamId: 0, timestamp: 0, payload: tag.body };
  return encodeMessage(message, isVideo ? Csid.video : Csid.audio, chunkSize);
}

export function makeTimeline(tags: readonly FlvTag[], chunkSize: number, hasClock = false): Timeline {
  const setup = tags.filter(isSetup);
  const media = tags.filter((tag) => !isSetup(tag)).sort((a, b) => a.timestamp - b.timestamp);
  const video = media.filter((tag) => tag.kind === "video");
  if (video.length < 2) throw new Error("The source has no video to loop.");
  const first = video[0]!.timestamp;
  const last = video.at(-1)!.timestamp;
  const frame = (last - first) / (video.length - 1);
  const messages = media
    // Whole GOPs of video decide the loop; sound before or after them would make timestamps go back at the seam.
    .filter((tag) => tag.timestamp >= first && tag.timestamp < last + frame)
    .map((tag): TimedMessage => {
      const clocked = hasClock ? withClock(tag, chunkSize) : { tag, clockAt: -1 };
      return {
        at: tag.timestamp - first,
        chunks: encodeTag(clocked.tag, chunkSize),
        isKeyframe: isKeyframe(tag),
        isVideo: tag.kind === "video",
        clockAt: clocked.clockAt,
      };
    });
  const bytes = messages.reduce((sum, message) => sum + message.chunks.length, 0);
  return { setup, messages, duration: Math.round(last - first + frame), bytes };
}

export async function loadTimeline(file: string, chunkSize: number, hasClock = false): Promise<Timeline> {
  return makeTimeline(readFlvTags(new Uint8Array(await Bun.file(file).arrayBuffer())), chunkSize, hasClock);
}

/** Writes the header fields of a message's first chunk at `offset` of `bytes`. Timestamps stay below the extended form: they wrap early. */
export function stamp(bytes: Uint8Array, timestamp: number, streamId: number, offset = 0): void {
  const field = timestamp % EXTENDED_TIMESTAMP;
  bytes[offset + 1] = field >> 16;
  bytes[offset + 2] = field >> 8;
  bytes[offset + 3] = field;
  // RTMP 1.0 §5.3.1.2.1: little-endian.
  bytes[offset + 8] = streamId;
  bytes[offset + 9] = streamId >>> 8;
  bytes[offset + 10] = streamId >>> 16;
  bytes[offset + 11] = streamId >>> 24;
}
