import type { Engine, OnFault } from "./engine.ts";

/** Plays HLS by the browser itself, where scripts can't feed it media. */
export function makeNative(video: HTMLVideoElement, url: string, onFault: OnFault): Engine {
  const fault = () => onFault(`native ${video.error?.code ?? "error"}`);
  video.addEventListener("error", fault);
  video.src = url;

  return {
    kind: "native",
    retry: () => {
      video.src = url;
      video.load();
      // A refusal here is the autoplay policy; the play button stays.
      video.play().catch(() => {});
    },
    liveEdge: () => (video.seekable.length === 0 ? null : video.seekable.end(video.seekable.length - 1)),
    destroy: () => {
      video.removeEventListener("error", fault);
      video.removeAttribute("src");
      video.load();
    },
  };
}
