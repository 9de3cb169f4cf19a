import { MediaPlayer } from "dashjs";
import { bestFirst, type Engine, type EngineOptions, type Level } from "./engine.ts";

/** The library's types have another name for it than the library. */
const IN_HEADERS = "headers" as "header";

/** Plays DASH, in low-latency mode where the manifest has it, through dash.js. Loaded on demand: this module is the only one that imports the library. */
export function makeDash(video: HTMLVideoElement, options: EngineOptions): Engine {
  const { sources, startAt, session, bandwidth, onFault } = options;
  const forgetListeners = recordListeners(video);
  const player = MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: 0 },
    streaming: {
      // A gap at a discontinuity is stepped over, however small or large it is.
      gaps: { jumpGaps: true, jumpLargeGaps: true },
      buffer: { bufferToKeep: 30 },
      liveCatchup: { enabled: true },
      abr: {
        limitBitrateByPortal: true,
        ...(bandwidth === null ? {} : { initialBitrate: { video: bandwidth / 1000, audio: -1 } }),
      },
      // In headers: in the address they would make each viewer's request another one for every cache on the way.
      cmcd: { enabled: true, sid: session.id, cid: session.content, mode: IN_HEADERS, version: 1 },
    },
  });
  player.initialize(video, undefined, true);
  // The library would ask a server of its authors for the time; no page of ours talks to third parties. The manifest's own UTCTiming and
  // the Date of its response say the same.
  player.clearDefaultUTCTimingSources();
  player.on(MediaPlayer.events.ERROR, (event) => {
    const { error } = event;
    onFault(typeof error === "object" && error !== null && "code" in error ? `dash ${String(error.code)}` : "dash");
  });
  const { fresh } = sources;
  if (fresh !== undefined) {
    // A manifest may have been read with a token that has been renewed since.
    player.addRequestInterceptor((request) => {
      request.url = fresh(request.url);
      return Promise.resolve(request);
    });
  }
  const attach = () => player.attachSource(sources.dash, startAt ?? undefined);
  attach();

  const isLive = () => player.isReady() && player.isDynamic();
  // All of them: what the library calls its representations are those that fit into the element, which holds for its own choice only.
  const levels = (): Level[] => {
    if (!player.isReady()) return [];
    const { frameRate = 0 } = player.getCurrentRepresentationForType("video") ?? {};
    return (player.getCurrentTrackFor("video")?.bitrateList ?? [])
      .flatMap(({ id, height = 0, bandwidth: bitrate = 0 }) => (id == null ? [] : [{ id, height, frameRate, bitrate }]))
      .sort(bestFirst);
  };

  return {
    kind: "dash",
    retry: attach,
    liveEdge: () => {
      if (!isLive()) return null;
      const edge = video.currentTime + player.getCurrentLiveLatency() - player.getTargetLiveDelay();
      return Number.isFinite(edge) ? edge : null;
    },
    seekable: () => {
      if (!player.isReady()) return null;
      if (!player.isDynamic()) return Number.isFinite(video.duration) ? { start: 0, end: video.duration } : null;
      const { start, end } = player.getDvrWindow();
      return Number.isFinite(start) && end > start ? { start, end: end - player.getTargetLiveDelay() } : null;
    },
    wallClock: () => {
      if (!isLive()) return null;
      const seconds = player.timeAsUTC();
      return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
    },
    levels,
    level: () => {
      const now = player.isReady() ? player.getCurrentRepresentationForType("video") : null;
      return levels().find(({ id }) => id === now?.id) ?? null;
    },
    setLevel: (id) => {
      const isAuto = id === null;
      player.updateSettings({
        streaming: { abr: { autoSwitchBitrate: { video: isAuto }, limitBitrateByPortal: isAuto } },
      });
      if (id !== null) player.setRepresentationForTypeById("video", id);
    },
    setCatchUp: (on) => player.updateSettings({ streaming: { liveCatchup: { enabled: on } } }),
    bandwidth: () => {
      const kilobits = player.isReady() ? player.getAverageThroughput("video") : Number.NaN;
      return Number.isFinite(kilobits) && kilobits > 0 ? kilobits * 1000 : null;
    },
    destroy: () => {
      player.destroy();
      forgetListeners();
    },
  };
}

/**
 * dash.js leaves one-time listeners on the element when it is destroyed while it waits for data; they then throw in the life of the next engine.
 * Records what is added from now on; the returned function removes all of it.
 */
function recordListeners(video: HTMLVideoElement): () => void {
  const added: Parameters<HTMLVideoElement["addEventListener"]>[] = [];
  const listen: HTMLVideoElement["addEventListener"] = HTMLVideoElement.prototype.addEventListener;
  video.addEventListener = (...listener: Parameters<typeof listen>) => {
    added.push(listener);
    listen.apply(video, listener);
  };
  return () => {
    Reflect.deleteProperty(video, "addEventListener");
    for (const [type, listener] of added) video.removeEventListener(type, listener);
  };
}
