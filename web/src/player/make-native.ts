import type { Engine, EngineOptions } from "./engine.ts";

/** So far behind the end of what is listed an iPhone plays by itself. */
const EDGE_SECONDS = 3;

/** Safari tells when a broadcast's zero was; nobody else has it. */
interface Dated extends HTMLVideoElement {
  getStartDate?(): Date;
}

/** Plays HLS by the browser itself, where that is the better way. */
export function makeNative(video: Dated, { sources, startAt, onFault }: EngineOptions): Engine {
  const fault = () => onFault(`native ${video.error?.code ?? "error"}`);
  video.addEventListener("error", fault);
  const begin = () => {
    if (startAt !== null) video.currentTime = startAt;
  };
  video.addEventListener("loadedmetadata", begin, { once: true });
  video.src = sources.hls;

  const isLive = () => video.duration === Number.POSITIVE_INFINITY;
  const last = () => (video.seekable.length === 0 ? null : video.seekable.end(video.seekable.length - 1));
  const edge = () => {
    const end = last();
    return end === null || !isLive() ? null : Math.max(video.seekable.start(0), end - EDGE_SECONDS);
  };

  return {
    kind: "native",
    retry: () => {
      video.src = sources.hls;
      video.load();
      // A refusal here is the autoplay policy; the play button stays.
      video.play().catch(() => {});
    },
    liveEdge: edge,
    seekable: () => {
      const end = edge() ?? last();
      return end === null ? null : { start: video.seekable.start(0), end };
    },
    wallClock: () => {
      const zero = isLive() ? (video.getStartDate?.().getTime() ?? Number.NaN) : Number.NaN;
      return Number.isFinite(zero) ? zero + video.currentTime * 1000 : null;
    },
    levels: () => [],
    level: () => null,
    setLevel: () => {},
    setCatchUp: () => {},
    bandwidth: () => null,
    destroy: () => {
      video.removeEventListener("error", fault);
      video.removeEventListener("loadedmetadata", begin);
      video.removeAttribute("src");
      video.load();
    },
  };
}
