/** What every way of playing offers. Engines know the video element and their library; they know no signals and no page. */
export interface Engine {
  readonly kind: EngineKind;
  /** Tries again without dropping the picture where the library can; a no-op while it is still trying by itself. */
  retry(): void;
  /** The newest moment that plays without stalling, in the video's own time; null when not known yet. */
  liveEdge(): number | null;
  /** Frees the library, its workers and its requests. The video element stays. */
  destroy(): void;
}

export type EngineKind = "hls" | "dash" | "native";

/** Told when the library has given up and `retry` (or a new engine) is needed. */
export type OnFault = (reason: string) => void;

/** The two manifests of one broadcast; both name the same segments. */
export interface Sources {
  readonly hls: string;
  readonly dash: string;
}

export type Format = keyof Sources;

/** Whether scripts can feed this browser media; iPhones before iOS 17.1 can't and play HLS by themselves. */
export function hasMediaSource(): boolean {
  return "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;
}

export function playsHlsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}
