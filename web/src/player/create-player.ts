/** The reactive player: owns the engine of the moment, retries it, and tells the page what the viewer should know. */
import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import { recall, remember } from "../ui/memory.ts";
import { type Engine, type EngineKind, type Format, hasMediaSource, playsHlsNatively, type Sources } from "./engine.ts";
import { makeWatchdog } from "./make-watchdog.ts";
import { type PlaybackSignal, type PlaybackState, transition } from "./playback-state.ts";

export interface PlayerOptions {
  readonly video: Accessor<HTMLVideoElement | undefined>;
  /** Holds the last picture while an engine is replaced, so that the viewer never looks at black. */
  readonly still: Accessor<HTMLCanvasElement | undefined>;
  /** A new object means a new broadcast; `null` unloads. */
  readonly sources: Accessor<Sources | null>;
  /** The media ended by itself: the page may want to ask what is going on. */
  readonly onEnded: () => void;
}

export type Player = ReturnType<typeof createPlayer>;

const TICK_MS = 250;
/** Further behind the newest playable moment than this is no longer "live". */
const BEHIND_SECONDS = 8;

export function createPlayer(options: PlayerOptions) {
  const [state, setState] = createSignal<PlaybackState>("idle");
  const [engineKind, setEngineKind] = createSignal<EngineKind | null>(null);
  const [format, setFormat] = createSignal<Format>("hls");
  const [muted, setMuted] = createSignal(recall("muted") !== "false");
  const [volume, setVolume] = createSignal(restoredVolume());
  const [behind, setBehind] = createSignal(false);
  const [blocked, setBlocked] = createSignal(false);
  const [supported, setSupported] = createSignal(true);
  const [frozen, setFrozen] = createSignal(false);

  const watchdog = makeWatchdog();
  let engine: Engine | null = null;
  /** Counts engines, so that one that was still loading when it was replaced notices. */
  let generation = 0;
  let wantsPlay = true;

  const send = (signal: PlaybackSignal) => setState((now) => transition(now, signal));

  async function open(video: HTMLVideoElement, sources: Sources, wanted: Format): Promise<void> {
    const mine = ++generation;
    const url = sources[wanted];
    const onFault = () => {
      if (mine === generation) watchdog.hurry();
    };
    try {
      let made: Engine;
      if (!hasMediaSource()) {
        if (!playsHlsNatively(video)) {
          setSupported(false);
          return;
        }
        const { makeNative } = await import("./make-native.ts");
        if (mine !== generation) return;
        made = makeNative(video, sources.hls, onFault);
      } else if (wanted === "hls") {
        const { makeHls } = await import("./make-hls.ts");
        if (mine !== generation) return;
        made = makeHls(video, url, onFault);
      } else {
        const { makeDash } = await import("./make-dash.ts");
        if (mine !== generation) return;
        made = makeDash(video, url, onFault);
      }
      engine = made;
      setEngineKind(made.kind);
    } catch {
      // The library's chunk did not arrive; the watchdog opens again.
      onFault();
    }
  }

  function close(): void {
    generation += 1;
    engine?.destroy();
    engine = null;
    setEngineKind(null);
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
        setMuted(true);
        await start(video);
      }
    }
  }

  createEffect(
    on([options.video, options.sources, format], ([video, sources, wanted]) => {
      if (video === undefined || sources === null) return;
      freeze(video);
      watchdog.reset();
      setSupported(true);
      setBehind(false);
      wantsPlay = true;
      send("load");
      void open(video, sources, wanted);
      onCleanup(() => {
        freeze(video);
        close();
        send("unload");
      });
    }),
  );

  createEffect(() => {
    const video = options.video();
    if (video === undefined) return;
    const stop = listen(video);
    const timer = setInterval(() => tick(video), TICK_MS);
    onCleanup(() => {
      clearInterval(timer);
      stop();
    });
  });

  createEffect(() => {
    const video = options.video();
    if (video === undefined) return;
    video.volume = volume();
    video.muted = muted();
  });

  function listen(video: HTMLVideoElement): () => void {
    const events = new AbortController();
    const handle = (name: keyof HTMLMediaElementEventMap, handler: () => void) =>
      video.addEventListener(name, handler, { signal: events.signal });
    handle("canplay", () => {
      if (wantsPlay && video.paused) void start(video);
    });
    handle("play", () => {
      if (!wantsPlay) send("resume");
      wantsPlay = true;
    });
    handle("pause", () => {
      // Engines pause the element while they swap its source, and the end of the media pauses it too: nobody pressed anything.
      if (engine === null || video.ended || video.readyState < 2) return;
      wantsPlay = false;
      send("pause");
    });
    handle("ended", options.onEnded);
    return () => events.abort();
  }

  function tick(video: HTMLVideoElement): void {
    const sources = options.sources();
    if (sources === null) return;
    const resting = !supported() || !wantsPlay || blocked() || video.ended;
    const verdict = watchdog.look({ at: performance.now(), currentTime: video.currentTime, resting });
    if (verdict.kind === "progress" && !video.seeking) {
      setFrozen(false);
      send("progress");
    }
    if (verdict.kind === "stall") {
      send("stall");
      freeze(video);
      if (engine !== null && !verdict.rebuild) engine.retry();
      else {
        close();
        void open(video, sources, format());
      }
    }
    const edge = engine?.liveEdge() ?? null;
    setBehind(edge !== null && edge - video.currentTime > BEHIND_SECONDS);
  }

  return {
    state,
    /** What plays now; null while a library loads. */
    engineKind,
    format,
    /** DASH needs media source extensions. */
    formats: (): readonly Format[] => (hasMediaSource() ? ["hls", "dash"] : ["hls"]),
    setFormat,
    muted,
    volume,
    behind,
    blocked,
    supported,
    frozen,
    togglePlay: () => {
      const video = options.video();
      if (video === undefined) return;
      if (video.paused) {
        setBlocked(false);
        wantsPlay = true;
        send("resume");
        void start(video);
      } else video.pause();
    },
    setMuted: (next: boolean) => {
      remember("muted", String(next));
      setMuted(next);
    },
    setVolume: (next: number) => {
      const bounded = Math.round(Math.min(1, Math.max(0, next)) * 100) / 100;
      remember("volume", String(bounded));
      remember("muted", String(bounded === 0));
      setVolume(bounded);
      setMuted(bounded === 0);
    },
    jumpToLive: () => {
      const video = options.video();
      const edge = engine?.liveEdge() ?? null;
      if (video === undefined || edge === null) return;
      video.currentTime = edge;
      if (video.paused) void start(video);
    },
  };
}

function restoredVolume(): number {
  const stored = Number(recall("volume") ?? "1");
  return stored > 0 && stored <= 1 ? stored : 1;
}
