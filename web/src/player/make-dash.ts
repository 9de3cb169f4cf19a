import { MediaPlayer } from "dashjs";
import type { Engine, OnFault } from "./engine.ts";

/** Plays DASH through dash.js. Loaded on demand: this module is the only one that imports the library. */
export function makeDash(video: HTMLVideoElement, url: string, onFault: OnFault): Engine {
  const forgetListeners = recordListeners(video);
  const player = MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: 0 },
    streaming: {
      // A gap at a discontinuity is stepped over, however small or large it is.
      gaps: { jumpGaps: true, jumpLargeGaps: true },
      buffer: { bufferToKeep: 30 },
      liveCatchup: { enabled: true },
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
  player.attachSource(url);

  return {
    kind: "dash",
    retry: () => player.attachSource(url),
    liveEdge: () => {
      if (!player.isReady() || !player.isDynamic()) return null;
      const edge = video.currentTime + player.getCurrentLiveLatency() - player.getTargetLiveDelay();
      return Number.isFinite(edge) ? edge : null;
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
