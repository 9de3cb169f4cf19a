/** A recording as one stream of fragmented MP4 with all its tracks: what ffmpeg makes a progressive file of. */
import { box } from "../packager/box.ts";
import type { EpochInfo } from "../packager/segment.ts";
import { sourceOf } from "../packager/view.ts";
import type { Storage } from "../storage/storage.ts";
import { initKey, segmentKey } from "./names.ts";
import type { Recording } from "./recording.ts";

interface Box {
  readonly type: string;
  /** Header included. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
}

const HEADER = 8;

/** Initialization segments are our own: small boxes, one behind the other. */
function boxesOf(bytes: Uint8Array): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Box[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const size = view.getUint32(at);
    if (size < HEADER || at + size > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + HEADER));
    found.push({ type, bytes: bytes.subarray(at, at + size), body: bytes.subarray(at + HEADER, at + size) });
    at += size;
  }
  return found;
}

/** One `moov` for all tracks; their ids differ already (packager/init-segment.ts). */
export function joinInits(inits: readonly Uint8Array[]): Uint8Array {
  const parsed = inits.map(boxesOf);
  const moovs = parsed.map((boxes) => boxesOf(boxes.find(({ type }) => type === "moov")!.body));
  const all = (type: string) => moovs.flatMap((moov) => moov.filter((each) => each.type === type));
  const mvex = box("mvex", ...all("mvex").flatMap(({ body }) => boxesOf(body).map(({ bytes }) => bytes)));
  const mvhd = all("mvhd")[0]!.bytes;
  const moov = box("moov", mvhd, ...all("trak").map(({ bytes }) => bytes), mvex);
  const ftyp = parsed[0]!.find(({ type }) => type === "ftyp")!.bytes;
  const whole = new Uint8Array(ftyp.length + moov.length);
  whole.set(ftyp);
  whole.set(moov, ftyp.length);
  return whole;
}

/**
 * Its bytes, in the order of time. A file has one decoder configuration for each track: where a broadcast changed them, the ones that lasted
 * longest, and the epochs that have others are left out. Throws StorageError.
 */
export async function* exportRecording(
  storage: Storage,
  prefix: string,
  { view }: Recording,
): AsyncGenerator<Uint8Array> {
  const sources = sourceOf(view);
  const inits = new Map<string, Uint8Array>();
  const seconds = new Map<string, Map<string, number>>();
  const names = new Map<string, string>();
  for (const { name, past } of sources) {
    const lasted = new Map<string, number>();
    seconds.set(name, lasted);
    for (const { epoch, from, to } of past!.log.epochs(past!.from, past!.to)) {
      const bytes = await storage.get(initKey(prefix, name, epoch.number));
      if (bytes === null) continue;
      const hash = String(Bun.hash(bytes));
      inits.set(hash, bytes);
      names.set(`${name}/${epoch.number}`, hash);
      lasted.set(hash, (lasted.get(hash) ?? 0) + past!.log.seconds(from, to));
    }
  }
  const chosen = new Map<string, string>();
  for (const [name, lasted] of seconds) {
    const [longest] = [...lasted].sort(([, a], [, b]) => b - a);
    if (longest !== undefined) chosen.set(name, longest[0]);
  }
  const isIn = (epoch: EpochInfo): boolean =>
    epoch.tracks.every(({ rendition }) => {
      const hash = names.get(`${rendition}/${epoch.number}`);
      return hash === undefined || hash === chosen.get(rendition);
    });
  const shown = sources.filter(({ name }) => chosen.has(name));
  if (shown.length === 0) return;
  yield joinInits(shown.map(({ name }) => inits.get(chosen.get(name)!)!));
  const first = Math.min(...shown.map(({ past }) => past!.from));
  const end = Math.max(...shown.map(({ past }) => past!.to));
  for (let number = first; number < end; number++) {
    for (const { name, past } of shown) {
      const segment = past!.log.at(number);
      if (segment === null || segment.kind === "gap" || !isIn(segment.epoch)) continue;
      const bytes = await storage.get(segmentKey(prefix, name, number));
      if (bytes !== null) yield bytes;
    }
  }
}
