/** What the device does around a playing video: names it on the lock screen, takes its media keys, keeps the screen on. */
import { type Accessor, createEffect, onCleanup } from "solid-js";
import type { Player } from "./create-player.ts";

export interface Playing {
  readonly title: string;
  readonly artist: string;
  readonly artwork: string | null;
}

const STEP = 10;

export function createSurroundings(player: Player, playing: Accessor<Playing>): void {
  createMediaSession(player, playing);
  createWakeLock(() => player.state() === "playing");
}

function createMediaSession(player: Player, playing: Accessor<Playing>): void {
  const session = navigator.mediaSession as MediaSession | undefined;
  if (session === undefined) return;
  createEffect(() => {
    const { title, artist, artwork } = playing();
    session.metadata = new MediaMetadata({ title, artist, artwork: artwork === null ? [] : [{ src: artwork }] });
  });
  createEffect(() => {
    const state = player.state();
    session.playbackState = state === "idle" ? "none" : state === "paused" ? "paused" : "playing";
  });
  const { timeline } = player;
  const handlers: [MediaSessionAction, MediaSessionActionHandler][] = [
    ["play", player.play],
    ["pause", player.pause],
    ["seekbackward", ({ seekOffset }) => timeline.move(-(seekOffset ?? STEP))],
    ["seekforward", ({ seekOffset }) => timeline.move(seekOffset ?? STEP)],
    ["seekto", ({ seekTime }) => seekTime !== undefined && timeline.go(seekTime)],
  ];
  for (const [action, handler] of handlers) attempt(() => session.setActionHandler(action, handler));
  onCleanup(() => {
    for (const [action] of handlers) attempt(() => session.setActionHandler(action, null));
    session.metadata = null;
    session.playbackState = "none";
  });
}

/** Browsers know different actions, and throw for the others. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Then that key stays without a meaning.
  }
}

function createWakeLock(isPlaying: Accessor<boolean>): void {
  // Other people's pages decide about the screen themselves.
  if (!("wakeLock" in navigator) || window.top !== window) return;
  createEffect(() => {
    if (!isPlaying()) return;
    let over = false;
    let lock: WakeLockSentinel | null = null;
    const take = async () => {
      if (document.hidden || over) return;
      try {
        const taken = await navigator.wakeLock.request("screen");
        if (over) await taken.release();
        else lock = taken;
      } catch {
        // Low battery, or a frame that may not: the screen then dims as always.
      }
    };
    // The browser lets go of it whenever the page is hidden.
    const onVisible = () => void take();
    document.addEventListener("visibilitychange", onVisible);
    void take();
    onCleanup(() => {
      over = true;
      document.removeEventListener("visibilitychange", onVisible);
      lock?.release().catch(() => {});
    });
  });
}
