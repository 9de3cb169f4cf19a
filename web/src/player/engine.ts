/** What every way of playing offers. Engines know the video element and their library; they know no signals and no page. Times are seconds of the video's own clock. */
export interface Engine {
  readonly kind: EngineKind;
  /** Tries again without dropping the picture where the library can; a no-op while it is still trying by itself. */
  retry(): void;
  /** The newest moment that plays without stalling; null when not known yet, or when nothing is live. */
  liveEdge(): number | null;
  /** What the viewer may go to. */
  seekable(): Span | null;
  /** When the picture on the screen was taken, in milliseconds since 1970 by the server's clock; null when not known. */
  wallClock(): number | null;
  /** Best first; fewer than two are no choice. */
  levels(): readonly Level[];
  /** The level of the picture, or of the next one. */
  level(): Level | null;
  /** null: as the connection allows. */
  setLevel(id: string | null): void;
  /** Whether to play a little faster when behind the live edge: not at a speed that the viewer chose. */
  setCatchUp(on: boolean): void;
  /** What the connection gives, in bits per second. */
  bandwidth(): number | null;
  /** Frees the library, its workers and its requests. The video element stays. */
  destroy(): void;
}

export type EngineKind = Format | "native";

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Level {
  readonly id: string;
  readonly height: number;
  readonly frameRate: number;
  /** Bits per second. */
  readonly bitrate: number;
}

/** `refused`: this way of playing is not to be had here. */
export type OnFault = (reason: string, kind?: "refused") => void;

/** The manifests of one broadcast; both name the same segments. */
export interface Sources {
  readonly hls: string;
  readonly dash: string;
  /** Of what is private: an address that was read from a playlist, with the playback token of the moment. */
  readonly fresh?: (address: string) => string;
}

/** `frames`: frame by frame over a WebSocket, the least delay that there is. */
export type Format = "hls" | "dash" | "frames";

/** What an engine is made with. */
export interface EngineOptions {
  readonly sources: Sources;
  /** null: live edge, or the beginning of what is over. */
  readonly startAt: number | null;
  /** Names the viewing and what is viewed in the keys of CMCD (CTA-5004). */
  readonly session: { readonly id: string; readonly content: string };
  /** Bits per second, of last time. */
  readonly bandwidth: number | null;
  readonly onFault: OnFault;
}

/** Where scripts can feed this browser media. */
export function hasMediaSource(): boolean {
  return "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;
}

export function playsHlsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

/** iPhones: older ones can't be fed by scripts, newer ones can, but only their own player casts, saves the battery and is full screen. */
export function prefersNative(video: HTMLVideoElement): boolean {
  return !("MediaSource" in globalThis) && playsHlsNatively(video);
}

/** The broadcast frame by frame, beside its playlist and with what that one's address carries along. */
export function framesAddress(hls: string): string {
  const url = new URL(hls, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.pathname = url.pathname.replace(/\/[^/]*$/, "/ws");
  return url.href;
}

export const bestFirst = (a: Level, b: Level): number => b.height - a.height || b.bitrate - a.bitrate;
