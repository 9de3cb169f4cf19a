/** FLV files made by real ffmpeg, and their tags: for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveBroadcast, type LiveBroadcastOptions } from "../../live/broadcast.ts";
import type { MediaKind } from "../../live/media-tag.ts";
import { NOBODY } from "../../live/testing/nobody.ts";

export interface FlvTag {
  readonly kind: MediaKind;
  readonly timestamp: number;
  readonly body: Uint8Array;
}

const KINDS: Readonly<Record<number, MediaKind>> = { 8: "audio", 9: "video", 18: "script" };

/** Adobe FLV 10.1 §E.3. */
export function readFlv(bytes: Uint8Array): FlvTag[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tags: FlvTag[] = [];
  for (let at = 13; at + 11 <= bytes.length; ) {
    const size = view.getUint32(at) & 0xffffff;
    const time = view.getUint32(at + 4);
    const kind = KINDS[bytes[at]!]!;
    tags.push({
      kind,
      timestamp: (time >>> 8) + (time & 0xff) * 2 ** 24,
      body: bytes.subarray(at + 11, at + 11 + size),
    });
    at += 11 + size + 4;
  }
  return tags;
}

export interface Recipe {
  readonly seconds: number;
  readonly video?: {
    readonly size?: string;
    readonly fps?: number;
    readonly gop?: number;
    readonly bFrames?: number;
    readonly kbps?: number;
  };
  readonly audio?: { readonly codec?: "aac" | "libmp3lame"; readonly rate?: number; readonly channels?: number };
}

const made = new Map<string, Promise<FlvTag[]>>();
const folder = mkdtempSync(join(tmpdir(), "streamhub-flv-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Encodes a moving picture and a tone. The same recipe is made once. */
export function makeFlv(recipe: Recipe): Promise<FlvTag[]> {
  const key = JSON.stringify(recipe);
  const known = made.get(key);
  if (known !== undefined) return known;
  const file = join(folder, `${made.size}.flv`);
  const making = encode(recipe, file);
  made.set(key, making);
  return making;
}

async function encode({ seconds, video, audio }: Recipe, file: string): Promise<FlvTag[]> {
  const args: string[] = ["ffmpeg", "-nostdin", "-v", "error"];
  if (video) args.push("-f", "lavfi", "-i", `testsrc2=s=${video.size ?? "320x180"}:r=${video.fps ?? 30}`);
  if (audio) args.push("-f", "lavfi", "-i", `sine=frequency=440:sample_rate=${audio.rate ?? 48000}`);
  args.push("-t", String(seconds));
  if (video) {
    const gop = String(video.gop ?? 60);
    args.push("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p", "-sc_threshold", "0");
    args.push("-g", gop, "-keyint_min", gop, "-bf", String(video.bFrames ?? 0), "-b:v", `${video.kbps ?? 300}k`);
  }
  if (audio) args.push("-c:a", audio.codec ?? "aac", "-b:a", "96k", "-ac", String(audio.channels ?? 2));
  args.push("-f", "flv", file);
  const child = Bun.spawn(args, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`ffmpeg could not make a test file: ${errors}`);
  return readFlv(await Bun.file(file).bytes());
}

export function testBroadcast(
  slug: string,
  refused: string[] = [],
  options: Pick<LiveBroadcastOptions, "quality"> = {},
): LiveBroadcast {
  const broadcast: LiveBroadcast = new LiveBroadcast({
    slug,
    streamId: null,
    visibility: "public",
    latency: "standard",
    ...options,
    startedAt: Date.now() as LiveBroadcast["startedAt"],
    publisher: {
      ...NOBODY,
      refuse(code, reason) {
        refused.push(`${code}: ${reason}`);
        broadcast.end();
      },
    },
  });
  return broadcast;
}

/**
 * Publishes tags at a multiple of real time, with `offset` added to their timestamps. Resolves when all are pushed.
 * `pace` 0: as fast as it goes.
 */
export async function publish(
  broadcast: LiveBroadcast,
  tags: readonly FlvTag[],
  { offset = 0, pace = 0, until }: { offset?: number; pace?: number; until?: (tag: FlvTag) => boolean } = {},
): Promise<void> {
  const start = performance.now();
  const first = tags[0]?.timestamp ?? 0;
  let count = 0;
  for (const tag of tags) {
    if (until?.(tag)) return;
    if (pace > 0) {
      const wait = (tag.timestamp - first) / pace - (performance.now() - start);
      if (wait > 4) await Bun.sleep(wait);
    } else if (++count % 50 === 0) {
      await Bun.sleep(1);
    }
    broadcast.push(tag.kind, (tag.timestamp + offset) % 2 ** 32, tag.body);
  }
}

/** The last frame's timestamp plus one frame. */
export function lengthOf(tags: readonly FlvTag[]): number {
  return Math.max(...tags.map(({ timestamp }) => timestamp)) + 34;
}

export async function eventually<T>(
  what: string,
  look: () => T | null | undefined | false,
  timeoutMs = 15_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await Bun.sleep(10);
  }
}
