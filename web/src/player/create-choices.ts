/** What the viewer chooses and the next visit remembers: sound, quality, speed, captions. */
import { type Accessor, createEffect, createSignal } from "solid-js";
import { recall, remember } from "../ui/memory.ts";
import type { Engine, Level } from "./engine.ts";

export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export function createChoices(
  element: Accessor<HTMLVideoElement | undefined>,
  engine: () => Engine | null,
  isLive: Accessor<boolean>,
) {
  const [muted, setMuted] = createSignal(recall("muted") !== "false");
  const [volume, setVolume] = createSignal(restoredVolume());
  const [rate, setRate] = createSignal(1);
  const [levels, setLevels] = createSignal<readonly Level[]>([], { equals: sameLevels });
  const [level, setLevel] = createSignal<Level | null>(null, { equals: (a, b) => a?.id === b?.id });
  /** Height of the picture; null: as the connection allows. */
  const [quality, setQuality] = createSignal<number | null>(restoredQuality());
  const [captions, setCaptions] = createSignal(recall("captions") === "true");
  const [hasCaptions, setHasCaptions] = createSignal(false);
  /** An engine does what is chosen as soon as it knows its levels. */
  let applied: Engine | null = null;

  createEffect(() => {
    const video = element();
    if (video === undefined) return;
    video.volume = volume();
    video.muted = muted();
  });

  /** Of those there are: the next lower one where the height is not to be had; the lowest if there is none. */
  function fitting(known: readonly Level[]): Level | null {
    const wanted = quality();
    return wanted === null ? null : (known.find(({ height }) => height <= wanted) ?? known.at(-1) ?? null);
  }

  function apply(): void {
    const to = engine();
    const known = to?.levels() ?? [];
    if (to === null || known.length < 2) return;
    applied = to;
    to.setLevel(fitting(known)?.id ?? null);
  }

  function changeRate(next: number): void {
    const video = element();
    setRate(next);
    engine()?.setCatchUp(next === 1);
    if (video !== undefined) video.playbackRate = next;
  }

  function showCaptions(video: HTMLVideoElement): void {
    const tracks = [...video.textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");
    setHasCaptions(tracks.length > 0);
    const mode = captions() ? "showing" : "hidden";
    for (const [index, track] of tracks.entries()) {
      const wanted = index === 0 ? mode : "disabled";
      if (track.mode !== wanted) track.mode = wanted;
    }
  }

  return {
    muted,
    volume,
    rate,
    levels,
    level,
    quality,
    /** What is meant by it, also while the picture is still another one; null: as the connection allows. */
    chosen: () => fitting(levels()),
    captions,
    hasCaptions,
    setMuted: (next: boolean) => {
      remember("muted", String(next));
      setMuted(next);
    },
    /** The browser allows no sound yet: nothing that the viewer chose. */
    mutedByBrowser: () => setMuted(true),
    setVolume: (next: number) => {
      const bounded = Math.round(Math.min(1, Math.max(0, next)) * 100) / 100;
      remember("volume", String(bounded));
      remember("muted", String(bounded === 0));
      setVolume(bounded);
      setMuted(bounded === 0);
    },
    setQuality: (height: number | null) => {
      remember("quality", height === null ? null : String(height));
      setQuality(height);
      apply();
    },
    setRate: changeRate,
    toggleCaptions: () => {
      remember("captions", String(!captions()));
      setCaptions((now) => !now);
      const video = element();
      if (video !== undefined) showCaptions(video);
    },
    /** Bits per second of the last visit, so that the first picture is not the worst. */
    knownBandwidth: (): number | null => {
      const stored = Number(recall("bandwidth") ?? Number.NaN);
      return stored > 100_000 && stored < 1e9 ? stored : null;
    },
    engineOpened: () => {
      if (rate() !== 1) changeRate(rate());
    },
    engineClosing: () => {
      const bits = engine()?.bandwidth() ?? null;
      if (bits !== null) remember("bandwidth", String(Math.round(bits)));
      setLevels([]);
    },
    look: () => {
      const now = engine();
      const video = element();
      if (now === null || video === undefined) return;
      setLevels(now.levels());
      setLevel(now.level());
      if (applied !== now && quality() !== null) apply();
      if (video.textTracks.length > 0) showCaptions(video);
      // At the live edge there is nothing to be faster for.
      const edge = isLive() && rate() > 1 ? now.liveEdge() : null;
      if (edge !== null && edge - video.currentTime < 1) changeRate(1);
    },
  };
}

const sameLevels = (a: readonly Level[], b: readonly Level[]): boolean =>
  a.length === b.length && a.every((level, index) => level.id === b[index]?.id && level.height === b[index]?.height);

function restoredVolume(): number {
  const stored = Number(recall("volume") ?? "1");
  return stored > 0 && stored <= 1 ? stored : 1;
}

function restoredQuality(): number | null {
  const stored = Number(recall("quality") ?? Number.NaN);
  return stored > 0 ? stored : null;
}
