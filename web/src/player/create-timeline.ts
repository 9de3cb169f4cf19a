/** Where the picture is: in what can be seen, behind what is live, and by the server's clock. */
import { type Accessor, createSignal } from "solid-js";
import type { Engine, Span } from "./engine.ts";
import { makeServerClock } from "./server-clock.ts";

/** Further behind the newest playable moment than this is no longer "live". */
const BEHIND_SECONDS = 8;
/** A shorter stretch is no place to move about in. */
const MIN_DVR_SECONDS = 20;
/** A latency outside of this is a wrong clock somewhere, not a latency. */
const LATENCY = { least: -1, most: 24 * 3600 };

/** One for all players of the page. */
let clock: ReturnType<typeof makeServerClock> | null = null;

export function createTimeline(
  element: Accessor<HTMLVideoElement | undefined>,
  engine: () => Engine | null,
  isLive: Accessor<boolean>,
) {
  const [span, setSpan] = createSignal<Span | null>(null, { equals: sameSpan });
  const [position, setPosition] = createSignal(0);
  const [behindBy, setBehindBy] = createSignal(0);
  const [latency, setLatency] = createSignal<number | null>(null);
  const [follows, setFollows] = createSignal(true);

  function go(time: number): void {
    const video = element();
    const within = engine()?.seekable() ?? null;
    if (video === undefined || within === null) return;
    const to = Math.min(within.end, Math.max(within.start, time));
    setFollows(isLive() && to >= within.end - 1);
    video.currentTime = to;
    setPosition(to);
  }

  function toLive(): void {
    const video = element();
    const edge = engine()?.liveEdge() ?? null;
    if (video === undefined || edge === null) return;
    setFollows(true);
    video.currentTime = edge;
    setPosition(edge);
    if (video.paused) video.play().catch(() => {});
  }

  return {
    /** What can be gone to: all of what is over, or as far back as a broadcast is kept; null when that is too little to move about in. */
    span: () => {
      const now = span();
      return now === null || (isLive() && now.end - now.start < MIN_DVR_SECONDS) ? null : now;
    },
    position,
    /** Seconds behind the newest moment. */
    behindBy,
    behind: () => isLive() && behindBy() > BEHIND_SECONDS,
    /** Seconds between what happened and its picture here; null when nobody knows. */
    latency,
    followsLive: follows,
    go,
    /** Relative; beyond the newest moment is live. */
    move: (seconds: number) => {
      const video = element();
      if (video !== undefined) go(video.currentTime + seconds);
    },
    /** 0 to 1 of what can be gone to. */
    jump: (share: number) => {
      const within = engine()?.seekable() ?? null;
      if (within !== null) go(within.start + (within.end - within.start) * share);
    },
    jumpToLive: toLive,
    /** The viewer paused and goes on where it was, not where live is now. */
    resumed: () => {
      if (behindBy() > BEHIND_SECONDS) setFollows(false);
    },
    /** The newest moment again, if it has run away. */
    catchUpNow: () => {
      const video = element();
      const edge = engine()?.liveEdge() ?? null;
      if (video !== undefined && edge !== null && edge - video.currentTime > BEHIND_SECONDS / 2)
        video.currentTime = edge;
    },
    /** Seconds since the broadcast began, as far as the picture's own time says it. */
    wallClock: () => engine()?.wallClock() ?? null,
    reset: () => {
      setSpan(null);
      setFollows(true);
      setLatency(null);
      setBehindBy(0);
    },
    look: () => {
      const video = element();
      const now = engine();
      if (video === undefined || now === null) return;
      setSpan(now.seekable());
      setPosition(video.currentTime);
      if (!isLive()) return;
      const edge = now.liveEdge();
      const away = edge === null ? 0 : edge - video.currentTime;
      setBehindBy(Math.max(0, away));
      clock ??= makeServerClock("/live/time");
      clock.keep();
      const [at, shown] = [clock.now(), now.wallClock()];
      const seconds = at === null || shown === null || video.readyState < 2 ? null : (at - shown) / 1000;
      setLatency(seconds === null || seconds < LATENCY.least || seconds > LATENCY.most ? null : Math.max(0, seconds));
    },
  };
}

const sameSpan = (a: Span | null, b: Span | null): boolean => a?.start === b?.start && a?.end === b?.end;
