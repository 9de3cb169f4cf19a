/**
 * A recorded publishing session: one line of JSON that says what it is, then the media messages in order, each as
 * time(4, milliseconds since the first) kind(1) timestamp(4) length(4) body. The key is not in it.
 */
import type { MediaKind } from "../../src/live/media-tag.ts";

export interface RecordingHead {
  readonly format: "streamhub-recording";
  readonly version: 1;
  readonly date: string;
  readonly app: string;
  /** What the encoder calls itself. */
  readonly encoder: string;
}

export interface RecordedMessage {
  /** Milliseconds since the first, as it came. */
  readonly at: number;
  readonly kind: MediaKind;
  readonly timestamp: number;
  readonly body: Uint8Array;
}

const KINDS: readonly MediaKind[] = ["audio", "video", "script"];
const HEADER = 13;
const MAX_HEAD = 64 * 1024;

export function encodeHead(head: RecordingHead): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n`);
}

export function encodeRecorded({ at, kind, timestamp, body }: RecordedMessage): Uint8Array {
  const out = new Uint8Array(HEADER + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, at);
  view.setUint8(4, KINDS.indexOf(kind));
  view.setUint32(5, timestamp);
  view.setUint32(9, body.length);
  out.set(body, HEADER);
  return out;
}

/** Throws a sentence for a file that is none. One that is cut off gives what is whole. */
export function readRecording(file: Uint8Array): { head: RecordingHead; messages: RecordedMessage[]; isCut: boolean } {
  const end = file.subarray(0, MAX_HEAD).indexOf(0x0a);
  let head: Partial<RecordingHead> = {};
  try {
    head = JSON.parse(new TextDecoder().decode(file.subarray(0, Math.max(0, end)))) as Partial<RecordingHead>;
  } catch {}
  if (head.format !== "streamhub-recording") throw new Error("It is no recording of `streamhub bench record`.");
  if (head.version !== 1) throw new Error(`It is of version ${head.version}, which this program does not know.`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const messages: RecordedMessage[] = [];
  let at = end + 1;
  while (at + HEADER <= file.length) {
    const length = view.getUint32(at + 9);
    const kind = KINDS[view.getUint8(at + 4)];
    if (kind === undefined) throw new Error("It is damaged: a message of a kind that there is not.");
    if (at + HEADER + length > file.length) break;
    const body = file.subarray(at + HEADER, at + HEADER + length);
    messages.push({ at: view.getUint32(at), kind, timestamp: view.getUint32(at + 5), body });
    at += HEADER + length;
  }
  return { head: head as RecordingHead, messages, isCut: at < file.length };
}
