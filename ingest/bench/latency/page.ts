/** Runs in the browser: plays one way, reads the clock of each picture that is shown, counts stalls. */

interface HlsLike {
  targetLatency: number;
  readonly latency: number;
  readonly config: { maxLiveSyncPlaybackRate: number };
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  on(event: "hlsError", handler: (event: string, data: { fatal: boolean; details: string }) => void): void;
  on(
    event: "hlsLevelUpdated",
    handler: (event: string, data: { details: { partTarget?: number; targetduration: number } }) => void,
  ): void;
}
declare const Hls: { new (config: object): HlsLike };
declare const dashjs: {
  MediaPlayer(): {
    create(): {
      updateSettings(settings: object): void;
      initialize(video: HTMLVideoElement, url: string | undefined, autoplay: boolean): void;
      attachSource(url: string): void;
      clearDefaultUTCTimingSources(): void;
      on(event: string, handler: (event: { error: unknown }) => void): void;
    };
  };
};

interface Result {
  /** Milliseconds between drawing and showing, one per picture. */
  readonly latencies: number[];
  /** Pictures whose clock could not be read. */
  unread: number;
  /** Milliseconds without a new picture beyond what is usual, since the first. */
  stalled: number;
  stalls: number;
  readonly errors: string[];
  /** Milliseconds from the start to the first picture. */
  join: number | null;
}

const query = new URLSearchParams(location.search);
const number = (name: string): number => Number(query.get(name));
const [zero, width, rowHeight, field, fields] = ["zero", "width", "row", "field", "fields"].map(number) as [
  number,
  number,
  number,
  number,
  number,
];
const url = query.get("url")!;
const video = document.querySelector("video")!;
const canvas = document.createElement("canvas");
canvas.width = width;
canvas.height = rowHeight;
const context = canvas.getContext("2d", { willReadFrequently: true })!;
const result: Result = { latencies: [], unread: 0, stalled: 0, stalls: 0, errors: [], join: null };
Object.assign(window, { result });
const startedAt = performance.now();
let lastPicture: number | null = null;
/** A gap in the pictures that a viewer notices. */
const STALL_MS = 250;

function readClock(): number | null {
  context.drawImage(video, 0, 0, width, rowHeight, 0, 0, width, rowHeight);
  const y = Math.floor(rowHeight / 2);
  const { data } = context.getImageData(0, y, width, 1);
  let time = 0;
  let check = 0;
  for (let bit = 0; bit < fields; bit++) {
    const isSet = data[4 * Math.floor((bit + 0.5) * field)]! > 128 ? 1 : 0;
    if (bit < fields - 8) time = time * 2 + isSet;
    else check = check * 2 + isSet;
  }
  return check === ((time ^ (time >> 8) ^ (time >> 16) ^ 0x5a) & 0xff) ? time : null;
}

function onPicture(): void {
  const now = performance.now();
  result.join ??= now - startedAt;
  if (lastPicture !== null && now - lastPicture > STALL_MS) {
    result.stalls++;
    result.stalled += now - lastPicture;
  }
  lastPicture = now;
  const time = readClock();
  if (time === null) result.unread++;
  else result.latencies.push(Date.now() - zero - time);
  watch();
}

let awaited = 0;
function watch(): void {
  video.cancelVideoFrameCallback(awaited);
  awaited = video.requestVideoFrameCallback(onPicture);
}

function playHls(): void {
  const hls = new Hls({ lowLatencyMode: true, backBufferLength: 30, maxLiveSyncPlaybackRate: 1.05 });
  hls.on("hlsError", (_, data) => {
    if (data.fatal) result.errors.push(data.details);
  });
  // As the site does: whole segments are safe at two target durations, where a playlist must ask for three (HLS §4.4.3.8).
  hls.on("hlsLevelUpdated", (_, { details }) => {
    const wanted = 2 * details.targetduration;
    if (!details.partTarget && hls.targetLatency > wanted) hls.targetLatency = wanted;
    partTarget = details.partTarget ?? 0;
    if (partTarget > 0) hls.config.maxLiveSyncPlaybackRate = 1;
  });
  // As the site does too: the library catches up only while more than a second is buffered, and would stay where it began.
  let partTarget = 0;
  video.addEventListener("timeupdate", () => {
    if (partTarget === 0 || video.buffered.length === 0) return;
    const ahead = video.buffered.end(video.buffered.length - 1) - video.currentTime;
    const behind = hls.latency - hls.targetLatency;
    const isFast = video.playbackRate > 1;
    video.playbackRate = ahead > 1.5 * partTarget && behind > (isFast ? 0.01 : 0.05) ? 1.05 : 1;
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

function playDash(): void {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: 0 }, streaming: { liveCatchup: { enabled: true } } });
  player.on("error", ({ error }) => result.errors.push(JSON.stringify(error)));
  player.initialize(video, undefined, true);
  player.clearDefaultUTCTimingSources();
  player.attachSource(url);
}

/** Media source extensions fed frame by frame. */
function playFrames(): void {
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  source.addEventListener("sourceopen", () => {
    const buffers: { readonly buffer: SourceBuffer; readonly queue: Uint8Array<ArrayBuffer>[] }[] = [];
    const pump = (of: (typeof buffers)[number]): void => {
      if (of.buffer.updating || of.queue.length === 0) return;
      const size = of.queue.reduce((sum, each) => sum + each.length, 0);
      const joined = new Uint8Array(size);
      let at = 0;
      for (const each of of.queue.splice(0)) {
        joined.set(each, at);
        at += each.length;
      }
      of.buffer.appendBuffer(joined);
    };
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onclose = () => result.errors.push("closed");
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") {
        const { tracks } = JSON.parse(data) as { tracks: { kind: string; codecs: string }[] };
        if (buffers.length > 0) return;
        for (const { kind, codecs } of tracks) {
          const buffer = source.addSourceBuffer(`${kind}/mp4; codecs="${codecs}"`);
          const entry = { buffer, queue: [] };
          buffer.addEventListener("updateend", () => pump(entry));
          buffers.push(entry);
        }
        return;
      }
      const bytes = new Uint8Array(data);
      const to = buffers[bytes[0]!];
      if (to === undefined) return;
      to.queue.push(bytes.subarray(1));
      pump(to);
    };
  });
  const BEHIND = { wanted: 0.12, jump: 1 };
  setInterval(() => {
    const { buffered } = video;
    if (buffered.length === 0) return;
    const behind = buffered.end(buffered.length - 1) - video.currentTime;
    if (video.currentTime < buffered.start(buffered.length - 1) || behind > BEHIND.jump)
      video.currentTime = buffered.end(buffered.length - 1) - BEHIND.wanted;
    else video.playbackRate = behind > 2 * BEHIND.wanted ? 1.06 : 1;
    if (video.paused) void video.play().catch(() => {});
  }, 100);
}

video.muted = true;
// A library that puts another source into the element takes the request for the next picture with it.
for (const event of ["loadeddata", "playing"]) video.addEventListener(event, watch);
watch();
const player = query.get("player") as "hls" | "dash" | "frames";
({ hls: playHls, dash: playDash, frames: playFrames })[player]();
// dash.js plays by itself, and reads its manifest again only if it saw the element begin to play.
if (player !== "dash") void video.play().catch(() => {});
