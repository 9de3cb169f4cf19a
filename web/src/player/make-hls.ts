import Hls from "hls.js";
import { bufferedAhead, CATCH_UP_RATE, catchUpRate } from "./catch-up.ts";
import { bestFirst, type Engine, type EngineOptions, type Level } from "./engine.ts";

/** A broken decoder is reset at most this often; more often means that resetting does not help. */
const MEDIA_RESET_PAUSE_MS = 5000;

/** Whole segments are safe so many target durations behind; a playlist must ask for three (HLS §4.4.3.8). */
const WHOLE_SEGMENTS_BEHIND = 2;

/** Plays HLS, in low-latency mode where the playlist has it, through hls.js. Loaded on demand: this module is the only one that imports the library. */
export function makeHls(video: HTMLVideoElement, options: EngineOptions): Engine {
  const { sources, startAt, session, bandwidth, onFault } = options;
  const hls = new Hls({
    // A playlist may have been read with a token that has been renewed since.
    xhrSetup: (xhr, url) => {
      const address = sources.fresh?.(url) ?? url;
      if (address !== url) xhr.open("GET", address, true);
    },
    lowLatencyMode: true,
    capLevelToPlayerSize: true,
    backBufferLength: 30,
    maxLiveSyncPlaybackRate: CATCH_UP_RATE,
    startPosition: startAt ?? -1,
    // In headers: in the address they would make each viewer's request another one for every cache on the way.
    cmcd: { sessionId: session.id, contentId: session.content, useHeaders: true },
    ...(bandwidth === null ? {} : { abrEwmaDefaultEstimate: bandwidth }),
  });
  let manifestKnown = false;
  let lastMediaReset = Number.NEGATIVE_INFINITY;
  let catchesUp = true;
  /** Of a low-latency playlist, whose pace is ours; null: the library's. */
  let partTarget: number | null = null;

  function setPace(): void {
    hls.config.maxLiveSyncPlaybackRate = catchesUp && partTarget === null ? CATCH_UP_RATE : 1;
  }
  function keepPace(): void {
    if (partTarget === null || !catchesUp || video.paused) return;
    const { latency, targetLatency: target } = hls;
    const rate = catchUpRate({ latency, target, ahead: bufferedAhead(video), partTarget }, video.playbackRate > 1);
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }
  video.addEventListener("timeupdate", keepPace);

  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    manifestKnown = true;
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
    const wanted = WHOLE_SEGMENTS_BEHIND * details.targetduration;
    const parts = details.live && details.partTarget > 0 ? details.partTarget : null;
    if (parts !== partTarget) {
      partTarget = parts;
      setPace();
      if (catchesUp && video.playbackRate > 1) video.playbackRate = 1;
    }
    if (details.live && !details.partTarget && (hls.targetLatency ?? 0) > wanted) hls.targetLatency = wanted;
  });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    const now = performance.now();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && now - lastMediaReset > MEDIA_RESET_PAUSE_MS) {
      lastMediaReset = now;
      hls.recoverMediaError();
      return;
    }
    onFault(data.details);
  });
  hls.loadSource(sources.hls);
  hls.attachMedia(video);

  const levelAt = (index: number): Level | null => {
    const level = hls.levels[index];
    if (level === undefined) return null;
    return { id: String(index), height: level.height, frameRate: level.frameRate, bitrate: level.bitrate };
  };

  return {
    kind: "hls",
    retry: () => {
      // With a manifest in hand, loading goes on where it stopped and the last picture stays.
      if (manifestKnown) hls.startLoad(-1);
      else hls.loadSource(sources.hls);
    },
    liveEdge: () => hls.liveSyncPosition,
    seekable: () => {
      const details = hls.latestLevelDetails;
      if (details === null || details.fragments.length === 0) return null;
      if (!details.live) return Number.isFinite(video.duration) ? { start: 0, end: video.duration } : null;
      return { start: details.fragmentStart, end: hls.liveSyncPosition ?? details.edge };
    },
    wallClock: () => hls.playingDate?.getTime() ?? null,
    levels: () =>
      hls.levels
        .map((_, index) => levelAt(index))
        .filter((level) => level !== null)
        .sort(bestFirst),
    level: () => levelAt(hls.currentLevel >= 0 ? hls.currentLevel : hls.loadLevel),
    setLevel: (id) => {
      hls.nextLevel = id === null ? -1 : Number(id);
    },
    setCatchUp: (on) => {
      catchesUp = on;
      setPace();
    },
    bandwidth: () => (Number.isFinite(hls.bandwidthEstimate) ? hls.bandwidthEstimate : null),
    destroy: () => {
      video.removeEventListener("timeupdate", keepPace);
      hls.destroy();
    },
  };
}
