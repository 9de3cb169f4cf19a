import Hls from "hls.js";
import type { Engine, OnFault } from "./engine.ts";

/** A broken decoder is reset at most this often; more often means that resetting does not help. */
const MEDIA_RESET_PAUSE_MS = 5000;

/** Plays HLS through hls.js. Loaded on demand: this module is the only one that imports the library. */
export function makeHls(video: HTMLVideoElement, url: string, onFault: OnFault): Engine {
  const hls = new Hls({
    capLevelToPlayerSize: true,
    backBufferLength: 30,
    // Catching up by playing a little faster is less noticeable than a jump.
    maxLiveSyncPlaybackRate: 1.05,
  });
  let manifestKnown = false;
  let lastMediaReset = Number.NEGATIVE_INFINITY;

  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    manifestKnown = true;
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
  hls.loadSource(url);
  hls.attachMedia(video);

  return {
    kind: "hls",
    retry: () => {
      // With a manifest in hand, loading goes on where it stopped and the last picture stays.
      if (manifestKnown) hls.startLoad(-1);
      else hls.loadSource(url);
    },
    liveEdge: () => hls.liveSyncPosition,
    destroy: () => hls.destroy(),
  };
}
