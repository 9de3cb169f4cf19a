/**
 * Plays a broadcast frame by frame over a WebSocket, half a second behind the encoder: a text message names the tracks, then each binary message is a
 * track's number and its init segment or one frame of CMAF. The same presentation time goes on over every change of the encoder.
 */
import { type Engine, type EngineOptions, framesAddress } from "./engine.ts";

interface Track {
  readonly id: number;
  readonly kind: string;
  readonly codecs: string;
}

interface Feed {
  readonly kind: string;
  readonly buffer: SourceBuffer;
  mime: string;
  queue: (Uint8Array<ArrayBuffer> | { readonly mime: string })[];
}

interface Attached {
  readonly source: MediaSource;
  readonly url: string;
  readonly feeds: Map<number, Feed>;
}

/** Seconds that are kept behind the picture. */
const KEEP = 12;
const PRUNE_EVERY = 5;
/** Seconds between the picture and the newest frame: what is aimed at, from where on to play faster, from where on to jump. */
const BEHIND = { wanted: 0.16, faster: 0.3, jump: 1.5 };
const FASTER = 1.06;
/** Frames that wait while a source buffer is busy; more of them means that it will not take any. */
const MAX_WAITING = 2_000;
const LOOK_MS = 100;

export function makeFrames(video: HTMLVideoElement, { sources, onFault }: EngineOptions): Engine {
  let attached: Attached | null = null;
  let socket: WebSocket | null = null;
  let zero: number | null = null;
  let received = 0;
  let rate: { at: number; bytes: number; bits: number | null } = { at: performance.now(), bytes: 0, bits: null };
  let prunedAt = 0;
  let catchUp = true;
  let over = false;

  /** The presentation's zero by the clock: the DASH manifest says it. */
  async function learnZero(): Promise<void> {
    try {
      const text = await (await fetch(sources.dash)).text();
      const at = Date.parse(/availabilityStartTime="([^"]+)"/.exec(text)?.[1] ?? "");
      zero = Number.isFinite(at) ? at : null;
    } catch {
      zero = null;
    }
  }

  function pump(feed: Feed): void {
    const { buffer } = feed;
    if (over || buffer.updating || attached?.source.readyState !== "open") return;
    const first = feed.queue[0];
    if (first === undefined) return;
    try {
      if ("mime" in first) {
        feed.queue.shift();
        buffer.changeType(first.mime);
        feed.mime = first.mime;
        pump(feed);
        return;
      }
      const end = feed.queue.findIndex((item) => "mime" in item);
      const taken = feed.queue.splice(0, end === -1 ? feed.queue.length : end) as Uint8Array<ArrayBuffer>[];
      buffer.appendBuffer(joined(taken));
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") prune(true);
      else onFault(`frames ${String(error)}`);
    }
  }

  function introduce(tracks: readonly Track[]): void {
    const { source, feeds } = attached!;
    const mimeOf = ({ kind, codecs }: Track) => `${kind}/mp4; codecs="${codecs}"`;
    if (feeds.size === 0) {
      for (const track of tracks) {
        const mime = mimeOf(track);
        const buffer = source.addSourceBuffer(mime);
        const feed: Feed = { kind: track.kind, buffer, mime, queue: [] };
        buffer.addEventListener("updateend", () => pump(feed));
        feeds.set(track.id, feed);
      }
      return;
    }
    const isSame = tracks.length === feeds.size && tracks.every(({ id, kind }) => feeds.get(id)?.kind === kind);
    // Source buffers can't be added to what plays already: begin anew with those that are needed now.
    if (isSame) for (const track of tracks) feeds.get(track.id)?.queue.push({ mime: mimeOf(track) });
    else retry();
  }

  function receive(data: string | ArrayBuffer): void {
    try {
      if (typeof data === "string") {
        introduce((JSON.parse(data) as { tracks: Track[] }).tracks);
        return;
      }
      received += data.byteLength;
      const bytes = new Uint8Array(data);
      const feed = attached?.feeds.get(bytes[0] ?? -1);
      if (feed === undefined) return;
      feed.queue.push(bytes.subarray(1));
      if (feed.queue.length > MAX_WAITING) onFault("frames waiting");
      pump(feed);
    } catch (error) {
      // A codec that this browser does not know.
      onFault(`frames ${String(error)}`, "refused");
    }
  }

  function connect(): void {
    let opened = false;
    const mine = new WebSocket(framesAddress(sources.hls));
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      opened = true;
    };
    mine.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (mine === socket) receive(data);
    };
    mine.onclose = () => {
      if (mine === socket) onFault("frames closed", opened ? undefined : "refused");
    };
  }

  function open(): void {
    const Source =
      globalThis.MediaSource ?? (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
    const source = new Source();
    const url = URL.createObjectURL(source);
    attached = { source, url, feeds: new Map() };
    source.addEventListener("sourceopen", connect, { once: true });
    video.disableRemotePlayback = true;
    video.src = url;
    void learnZero();
  }

  function close(): void {
    const old = socket;
    socket = null;
    old?.close();
    if (attached !== null) URL.revokeObjectURL(attached.url);
    attached = null;
  }

  function retry(): void {
    close();
    if (!over) open();
  }

  function prune(all = false): void {
    const until = video.currentTime - (all ? 1 : KEEP);
    for (const { buffer } of attached?.feeds.values() ?? []) {
      if (until > 0 && !buffer.updating && buffer.buffered.length > 0 && buffer.buffered.start(0) < until)
        buffer.remove(0, until);
    }
  }

  const edge = (): number | null => {
    const { buffered } = video;
    return buffered.length === 0 ? null : buffered.end(buffered.length - 1) - BEHIND.wanted;
  };

  function look(): void {
    const { buffered, currentTime } = video;
    const now = performance.now();
    if (now - rate.at > 1000) {
      rate = { at: now, bytes: received, bits: ((received - rate.bytes) * 8000) / (now - rate.at) };
    }
    if (buffered.length === 0 || video.seeking) return;
    const last = buffered.length - 1;
    const behind = buffered.end(last) - currentTime;
    // Over a gap where an encoder was away, and over what piled up while the page slept.
    if (currentTime < buffered.start(last) || (behind > BEHIND.jump && catchUp && !video.paused))
      video.currentTime = Math.max(buffered.start(last), buffered.end(last) - BEHIND.wanted);
    else if (catchUp) video.playbackRate = behind > BEHIND.faster ? FASTER : 1;
    if (currentTime - prunedAt > PRUNE_EVERY || currentTime < prunedAt) {
      prunedAt = currentTime;
      prune();
    }
  }

  open();
  const timer = setInterval(look, LOOK_MS);

  return {
    kind: "frames",
    retry,
    liveEdge: edge,
    seekable: () => {
      const end = edge();
      return end === null ? null : { start: Math.min(end, video.buffered.start(0)), end };
    },
    wallClock: () => (zero === null ? null : zero + video.currentTime * 1000),
    levels: () => [],
    level: () => null,
    setLevel: () => {},
    setCatchUp: (on) => {
      catchUp = on;
    },
    bandwidth: () => rate.bits,
    destroy: () => {
      over = true;
      clearInterval(timer);
      close();
      video.playbackRate = 1;
      video.disableRemotePlayback = false;
      video.removeAttribute("src");
      video.load();
    },
  };
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
