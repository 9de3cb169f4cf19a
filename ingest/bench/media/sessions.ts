/** Whole publishing sessions as bytes: the recorded ones of the tests, and one made here at any chunk size. */
import { join } from "node:path";
import { Csid } from "../../src/rtmp/chunk/csid.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { DEFAULT_CHUNK_SIZE } from "../../src/rtmp/chunk/header.ts";
import { encodeSetChunkSize } from "../../src/rtmp/message/control.ts";
import type { Session } from "../runs/parse.ts";
import { ensureSource } from "./source.ts";
import { loadTimeline, stamp } from "./timeline.ts";

const FIXTURES = join(import.meta.dir, "..", "..", "test", "fixtures");
/** C0 + C1 + C2. */
const HANDSHAKE = 1 + 1536 + 1536;

async function recorded(name: string): Promise<Session> {
  const bytes = new Uint8Array(await Bun.file(join(FIXTURES, `${name}.bin`)).arrayBuffer());
  return { name: `${name} (recorded)`, bytes: bytes.subarray(HANDSHAKE) };
}

async function generated(chunkSize: number): Promise<Session> {
  const timeline = await loadTimeline(await ensureSource(), chunkSize);
  const setSize = encodeMessage(encodeSetChunkSize(chunkSize), Csid.protocolControl, DEFAULT_CHUNK_SIZE);
  const bytes = new Uint8Array(setSize.length + timeline.bytes);
  bytes.set(setSize);
  let at = setSize.length;
  for (const message of timeline.messages) {
    stamp(message.chunks, message.at, 1);
    bytes.set(message.chunks, at);
    at += message.chunks.length;
  }
  return { name: `2.5 Mbit/s, chunk size ${chunkSize}`, bytes };
}

export const SESSION_KEYS = ["obs", "librtmp", "128", "4096", "60000"] as const;

export function loadSession(key: string): Promise<Session> {
  return key === "obs" || key === "librtmp" ? recorded(key) : generated(Number(key));
}
