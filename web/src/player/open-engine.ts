/** Which engine plays what in this browser, and what comes after it when it can't. */
import {
  type Engine,
  type EngineOptions,
  type Format,
  hasMediaSource,
  playsHlsNatively,
  prefersNative,
} from "./engine.ts";

/** The ways that the viewer may choose between, in this browser. */
export function formatsOf(video: HTMLVideoElement | undefined, isLive: boolean): readonly Format[] {
  if (!hasMediaSource() || video === undefined || prefersNative(video)) return ["hls"];
  return isLive ? ["hls", "dash", "frames"] : ["hls", "dash"];
}

/** The next one to try when this one does not play although the server answers. */
export const fallbackOf = (format: Format): Format => (format === "hls" ? "dash" : "hls");

/** null: this browser can play neither. Rejects when the engine's library can't be fetched. */
export async function openEngine(
  video: HTMLVideoElement,
  format: Format,
  options: EngineOptions,
  isWanted: () => boolean,
): Promise<Engine | null> {
  if (!hasMediaSource() || prefersNative(video)) {
    if (!playsHlsNatively(video)) return null;
    const { makeNative } = await import("./make-native.ts");
    return isWanted() ? makeNative(video, options) : null;
  }
  if (format === "frames") {
    const { makeFrames } = await import("./make-frames.ts");
    return isWanted() ? makeFrames(video, options) : null;
  }
  if (format === "dash") {
    const { makeDash } = await import("./make-dash.ts");
    return isWanted() ? makeDash(video, options) : null;
  }
  const { makeHls } = await import("./make-hls.ts");
  return isWanted() ? makeHls(video, options) : null;
}

export const canPlay = (video: HTMLVideoElement): boolean => hasMediaSource() || playsHlsNatively(video);
