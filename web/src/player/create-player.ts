/** The reactive player: owns the engine of the moment, retries it, and tells the page what the viewer should know. */
import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import { createChoices } from "./create-choices.ts";
import { createRoom } from "./create-room.ts";
import { createTimeline } from "./create-timeline.ts";
import type { Engine, EngineKind, Format, Sources } from "./engine.ts";
import { makeQuality } from "./make-quality.ts";
import { makeWatchdog } from "./make-watchdog.ts";
import { canPlay, fallbackOf, formatsOf, openEngine } from "./open-engine.ts";
import { type PlaybackSignal, type PlaybackState, transition } from "./playback-state.ts";

export interface PlayerOptions {
  readonly video: Accessor<HTMLVideoElement | undefined>;
  /** Holds the last picture while an engine is replaced, so that the viewer never looks at black. */
  readonly still: Accessor<HTMLCanvasElement | undefined>;
  /** A new object means a new broadcast; `null` unloads. */
  readonly sources: Accessor<Sources | null>;
  readonly isLive: Accessor<boolean>;
  /** Seconds, of what is over; null: its beginning. */
  readonly startAt: Accessor<number | null>;
  /** Names what is played, for the keys that go with requests. */
  readonly content: Accessor<string>;
  /** The media ended by itself: the page may want to ask what is going on. */
  readonly onEnded: () => void;
}

export type Player = ReturnType<typeof createPlayer>;

const TICK_MS = 250;
/** Stalls in a row after which another way of playing is tried, if the server answers: before the first picture, and after it. */
const FALL_BACK = { fresh: 3, played: 6 } as const;
/** After so long in the background a live picture is not gone on with where it stood. */
const ASLEEP_MS = 5_000;

export function createPlayer(options: PlayerOptions) {
  const { video: element, isLive } = options;
  const [state, setState] = createSignal<PlaybackState>("idle");
  const [engineKind, setEngineKind] = createSignal<EngineKind | null>(null);
  const [blocked, setBlocked] = createSignal(false);
  const [supported, setSupported] = createSignal(true);
  const [frozen, setFrozen] = createSignal(false);
  const [ended, setEnded] = createSignal(false);
  const [format, setFormat] = createSignal<Format>("hls");
  /** Of one viewing: for the stats overlay. */
  const [counts, setCounts] = createSignal<{ stalls: number; joinMs: number | null }>({ stalls: 0, joinMs: null });

  const watchdog = makeWatchdog();
  const quality = makeQuality();
  const session = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  let engine: Engine | null = null;
  /** Counts engines, so that one that was still loading when it was replaced notices. */
  let generation = 0;
  let wantsPlay = true;
  let hasPlayed = false;
  let openedAt = 0;
  let checking = false;

  const send = (signal: PlaybackSignal) => setState((now) => transition(now, signal));
  const choices = createChoices(element, () => engine, isLive);
  const room = createRoom();
  const timeline = createTimeline(element, () => engine, isLive);

  async function open(video: HTMLVideoElement, sources: Sources, startAt: number | null): Promise<void> {
    const mine = ++generation;
    const isWanted = () => mine === generation;
    const onFault = (_reason: string, kind?: "refused") => {
      if (!isWanted()) return;
      quality.failed();
      watchdog.hurry();
      if (kind === "refused" && !hasPlayed) void fallBack(sources);
    };
    if (!canPlay(video)) {
      setSupported(false);
      return;
    }
    try {
      const made = await openEngine(
        video,
        format(),
        {
          sources,
          startAt,
          session: { id: session, content: options.content() },
          bandwidth: choices.knownBandwidth(),
          onFault,
        },
        isWanted,
      );
      if (made === null) return;
      engine = made;
      choices.engineOpened();
      setEngineKind(made.kind);
    } catch {
      // The library's chunk did not arrive; the watchdog opens again.
      onFault("chunk");
    }
  }

  function close(): void {
    generation += 1;
    choices.engineClosing();
    engine?.destroy();
    engine = null;
    setEngineKind(null);
  }

  /** The server answers, and nothing plays: another way may. */
  async function fallBack(sources: Sources): Promise<void> {
    const tried = format();
    if (checking || room.full() || !formatsOf(element(), isLive()).includes(fallbackOf(tried))) return;
    checking = true;
    const answers = await fetch(sources.hls, { signal: AbortSignal.timeout(8_000) })
      .then(({ ok }) => ok)
      .catch(() => false);
    checking = false;
    if (answers && format() === tried && options.sources() === sources) setFormat(fallbackOf(tried));
  }

  function freeze(video: HTMLVideoElement): void {
    const canvas = options.still();
    if (canvas === undefined || video.videoWidth === 0 || video.readyState < 2) return;
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    setFrozen(true);
  }

  /** Plays with the sound the viewer chose; a browser that forbids sound gets a muted start instead. */
  async function start(video: HTMLVideoElement): Promise<void> {
    try {
      await video.play();
      setBlocked(false);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      if (video.muted) setBlocked(true);
      else {
        video.muted = true;
        choices.mutedByBrowser();
        await start(video);
      }
    }
  }

  let opened: Sources | null = null;
  createEffect(
    on([element, options.sources, format], ([video, sources]) => {
      if (video === undefined || sources === null) return;
      freeze(video);
      watchdog.reset();
      setSupported(true);
      setEnded(false);
      // Another way of playing the same goes on where the first one was.
      const goesOn = opened === sources && !isLive() && video.currentTime > 0;
      const startAt = goesOn ? video.currentTime : isLive() ? null : options.startAt();
      opened = sources;
      wantsPlay = true;
      hasPlayed = false;
      openedAt = performance.now();
      timeline.reset();
      send("load");
      void open(video, sources, startAt);
      onCleanup(() => {
        freeze(video);
        close();
        send("unload");
      });
    }),
  );

  createEffect(() => {
    const video = element();
    if (video === undefined) return;
    const stop = listen(video);
    const timer = setInterval(() => tick(video), TICK_MS);
    onCleanup(() => {
      clearInterval(timer);
      stop();
    });
  });

  function listen(video: HTMLVideoElement): () => void {
    const events = new AbortController();
    const { signal } = events;
    const handle = (name: keyof HTMLMediaElementEventMap, handler: () => void) =>
      video.addEventListener(name, handler, { signal });
    handle("canplay", () => {
      if (wantsPlay && video.paused && !video.ended) void start(video);
    });
    handle("play", () => {
      if (!wantsPlay) {
        timeline.resumed();
        send("resume");
      }
      wantsPlay = true;
      setEnded(false);
    });
    handle("pause", () => {
      // Engines pause the element while they swap its source, and the end of the media pauses it too: nobody pressed anything.
      if (engine === null || video.ended || video.readyState < 2) return;
      wantsPlay = false;
      send("pause");
    });
    handle("ended", () => {
      setEnded(!isLive());
      if (!isLive()) send("pause");
      options.onEnded();
    });
    let hiddenAt = 0;
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.hidden) {
          hiddenAt = performance.now();
          return;
        }
        if (!wantsPlay || engine === null) return;
        if (video.paused && !video.ended) void start(video);
        if (isLive() && timeline.followsLive() && performance.now() - hiddenAt > ASLEEP_MS) timeline.catchUpNow();
      },
      { signal },
    );
    window.addEventListener(
      "online",
      () => {
        if (wantsPlay && state() !== "playing") watchdog.hurry();
      },
      { signal },
    );
    return () => events.abort();
  }

  function tick(video: HTMLVideoElement): void {
    const sources = options.sources();
    if (sources === null) return;
    const resting = !supported() || !wantsPlay || blocked() || video.ended;
    const { currentTime } = video;
    const verdict = watchdog.look({ at: performance.now(), currentTime, resting, starting: !hasPlayed });
    if (verdict.kind === "progress" && !video.seeking) {
      if (!hasPlayed) {
        hasPlayed = true;
        const joinMs = performance.now() - openedAt;
        quality.joined(joinMs);
        setCounts((now) => ({ ...now, joinMs: now.joinMs ?? joinMs }));
      }
      if (state() === "recovering" && isLive() && timeline.followsLive()) timeline.catchUpNow();
      setFrozen(false);
      room.taken();
      send("progress");
    }
    if (verdict.kind === "stall") {
      if (verdict.attempt === 1 && hasPlayed) setCounts((now) => ({ ...now, stalls: now.stalls + 1 }));
      send("stall");
      void room.look(sources);
      freeze(video);
      if (engine !== null && !verdict.rebuild) engine.retry();
      else {
        const startAt = isLive() ? null : video.currentTime;
        close();
        void open(video, sources, startAt);
      }
      if (verdict.attempt >= (hasPlayed ? FALL_BACK.played : FALL_BACK.fresh)) void fallBack(sources);
    }
    timeline.look();
    choices.look();
    const shown = video.getVideoPlaybackQuality?.();
    const latency = isLive() && timeline.followsLive() ? timeline.latency() : null;
    quality.look({
      at: performance.now(),
      currentTime,
      resting: resting || video.seeking || !hasPlayed,
      player: engineKind(),
      levelId: choices.level()?.id ?? null,
      latency: latency === null ? null : latency * 1000,
      frames: shown?.totalVideoFrames ?? 0,
      dropped: shown?.droppedVideoFrames ?? 0,
    });
  }

  return {
    state,
    /** What plays now; null while a library loads. */
    engineKind,
    engine: () => engine,
    format,
    formats: () => formatsOf(element(), isLive()),
    setFormat,
    isLive,
    blocked,
    full: room.full,
    supported,
    frozen,
    ended,
    counts,
    /** How it played since this was last asked. */
    takeQuality: quality.take,
    choices,
    timeline,
    togglePlay: () => {
      const video = element();
      if (video === undefined) return;
      if (video.paused) {
        setBlocked(false);
        if (!wantsPlay) timeline.resumed();
        wantsPlay = true;
        send("resume");
        void start(video);
      } else video.pause();
    },
    play: () => {
      const video = element();
      if (video?.paused) void start(video);
    },
    pause: () => element()?.pause(),
  };
}
