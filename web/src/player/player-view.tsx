import "../styles/player.css";
import { createMemo, createSignal, Match, onCleanup, Show, Switch } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { MutedIcon, PlayIcon } from "../ui/icons.tsx";
import { Controls } from "./controls.tsx";
import { RATES } from "./create-choices.ts";
import { createPlayer } from "./create-player.ts";
import { createSurroundings } from "./create-surroundings.ts";
import { createViewing } from "./create-viewing.ts";
import type { Sources } from "./engine.ts";
import { createCasting, createPictureInPicture } from "./picture-in-picture.ts";
import { ShortcutSheet } from "./shortcut-sheet.tsx";
import { actionFor, type Command, focusOf } from "./shortcuts.ts";
import { StatsOverlay } from "./stats-overlay.tsx";
import { makeStoryboard } from "./storyboard.ts";

export interface PlayerViewProps {
  readonly title: string;
  /** The channel, for the lock screen. */
  readonly artist: string;
  readonly artwork: string | null;
  /** Path of the picture that is shown until the first one of the media. */
  readonly poster?: string | null;
  readonly sources: Sources | null;
  readonly isLive: boolean;
  /** Who watches is counted for this stream; null while it is not known. */
  readonly streamId: number | null;
  /** ISO 8601: for the position in the stream. */
  readonly startedAt: string | null;
  /** Seconds at which what is over begins to play. */
  readonly startAt?: number | null;
  readonly theatre?: boolean;
  readonly onTheatre?: (on: boolean) => void;
  /** Told what stands on the screen: seconds of what is over, or null. */
  readonly onPosition?: (read: () => number | null) => void;
  /** The same as a time of day: milliseconds since 1970. */
  readonly onWallClock?: (read: () => number | null) => void;
  readonly onEnded: () => void;
}

/** Controls fade after this long without a movement, while something plays. */
const IDLE_MS = 2800;
const VOLUME_STEP = 0.05;

export function PlayerView(props: PlayerViewProps) {
  const [video, setVideo] = createSignal<HTMLVideoElement>();
  const [still, setStill] = createSignal<HTMLCanvasElement>();
  const [idle, setIdle] = createSignal(false);
  const [fullscreen, setFullscreen] = createSignal(false);
  const [menu, setMenu] = createSignal(false);
  const [stats, setStats] = createSignal(false);
  const [help, setHelp] = createSignal(false);
  let root: HTMLElement | undefined;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const player = createPlayer({
    video,
    still,
    sources: () => props.sources,
    isLive: () => props.isLive,
    startAt: () => props.startAt ?? null,
    // Travels in a header, which holds no letters but Latin ones: no title.
    content: () => `${props.streamId ?? props.sources?.hls.split("?")[0] ?? ""}`.slice(0, 64),
    onEnded: () => props.onEnded(),
  });
  const { timeline, choices } = player;
  const pip = createPictureInPicture(video);
  const casting = createCasting(video);
  createSurroundings(player, () => ({ title: props.title, artist: props.artist, artwork: props.artwork }));
  createViewing({
    streamId: () => props.streamId,
    isPlaying: () => player.state() === "playing",
    position: () => {
      if (!props.isLive) return timeline.position();
      const [shown, began] = [timeline.wallClock(), Date.parse(props.startedAt ?? "")];
      return shown === null || !Number.isFinite(began) ? null : (shown - began) / 1000;
    },
    takeQuality: player.takeQuality,
  });
  props.onWallClock?.(() => {
    if (player.state() === "idle" || player.state() === "loading") return null;
    const shown = timeline.wallClock();
    const began = Date.parse(props.startedAt ?? "");
    return shown ?? (props.isLive || !Number.isFinite(began) ? null : began + timeline.position() * 1000);
  });
  props.onPosition?.(() => (props.isLive ? null : timeline.position()));
  const storyboard = createMemo(() => {
    const { sources } = props;
    const address = (hls: string) => hls.replace(/[^/?]*(\?|$)/, "storyboard.vtt$1");
    return sources === null ? null : makeStoryboard(() => address(sources.hls), props.isLive);
  });

  function stir(): void {
    setIdle(false);
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => setIdle(true), IDLE_MS);
  }
  const onFullscreen = () => setFullscreen(document.fullscreenElement === root);
  /** The keys work all over the page, as long as nothing else wants them. */
  const onPageKey = (event: KeyboardEvent) => {
    const { target } = event;
    if (event.defaultPrevented || (target instanceof Node && root?.contains(target))) return;
    if (target === document.body || (target instanceof HTMLElement && target.id === "content")) onKeyDown(event);
  };
  document.addEventListener("fullscreenchange", onFullscreen);
  document.addEventListener("keydown", onPageKey);
  onCleanup(() => {
    clearTimeout(idleTimer);
    document.removeEventListener("fullscreenchange", onFullscreen);
    document.removeEventListener("keydown", onPageKey);
  });

  async function toggleFullscreen(): Promise<void> {
    const element = video() as (HTMLVideoElement & { webkitEnterFullscreen?(): void }) | undefined;
    try {
      if (document.fullscreenElement !== null && document.fullscreenElement !== undefined)
        await document.exitFullscreen();
      else if (root?.requestFullscreen !== undefined) await root.requestFullscreen();
      // iPhones put only the video itself over the whole screen.
      else element?.webkitEnterFullscreen?.();
    } catch {
      // Refused, for example inside a frame that does not allow it: the video stays where it is.
    }
  }

  function changeRate(step: 1 | -1): void {
    if (props.isLive && timeline.span() === null) return;
    const next = RATES[RATES.indexOf(choices.rate() as (typeof RATES)[number]) + step];
    if (next !== undefined) choices.setRate(next);
  }

  const commands: Readonly<Record<Command, () => void>> = {
    "toggle-play": player.togglePlay,
    "toggle-mute": () => choices.setMuted(!choices.muted()),
    "toggle-fullscreen": () => void toggleFullscreen(),
    "toggle-theatre": () => props.onTheatre?.(props.theatre !== true),
    "toggle-pip": () => void pip.toggle(),
    "toggle-captions": choices.toggleCaptions,
    "toggle-stats": () => setStats((now) => !now),
    "toggle-help": () => {
      setMenu(false);
      setHelp((now) => !now);
    },
    "jump-to-live": timeline.jumpToLive,
    "volume-up": () => choices.setVolume(choices.volume() + VOLUME_STEP),
    "volume-down": () => choices.setVolume(choices.volume() - VOLUME_STEP),
    slower: () => changeRate(-1),
    faster: () => changeRate(1),
    close: () => {
      setMenu(false);
      setHelp(false);
    },
  };

  function onKeyDown(event: KeyboardEvent): void {
    stir();
    const { key, code, ctrlKey, altKey, metaKey, shiftKey } = event;
    const action = actionFor({ key, code, ctrlKey, altKey, metaKey, shiftKey, focus: focusOf(event.target) });
    if (action === null || (action.do === "close" && !menu() && !help())) return;
    event.preventDefault();
    if (action.do === "move") timeline.move(action.by);
    else if (action.do === "jump") timeline.jump(action.to);
    else {
      commands[action.do]();
      if (action.do === "close") video()?.focus();
    }
  }

  /** A finger has no hover: its first touch shows the controls, its next one hides them. */
  function onVideoClick(event: MouseEvent): void {
    if (menu()) setMenu(false);
    else if ((event as PointerEvent).pointerType !== "touch") player.togglePlay();
    else if (idle()) stir();
    else setIdle(true);
  }

  return (
    <section
      class="player"
      classList={{ "player-idle": idle() && player.state() === "playing" && !menu() && !help() }}
      ref={root}
      aria-label={playerWords().region}
      aria-describedby="player-keys"
      onPointerMove={(event) => {
        if (event.pointerType !== "touch") stir();
      }}
      onFocusIn={stir}
      onKeyDown={onKeyDown}
    >
      <p id="player-keys" class="visually-hidden">
        {playerWords().keys}
      </p>
      {/* biome-ignore lint/a11y/useMediaCaption: captions come inside the media, where there are any. */}
      <video
        ref={setVideo}
        class="player-video"
        aria-label={playerWords().label(props.title)}
        data-player={player.engineKind() ?? undefined}
        data-state={player.state()}
        tabindex="0"
        playsinline
        poster={props.poster ?? undefined}
        onClick={onVideoClick}
        onDblClick={() => void toggleFullscreen()}
      />
      <canvas class="player-still" classList={{ "player-still-shown": player.frozen() }} ref={setStill} />
      <div class="player-message" role="status">
        <Switch>
          <Match when={!player.supported()}>
            <p>{playerWords().unsupported}</p>
          </Match>
          <Match when={player.blocked()}>
            <button type="button" class="button button-stage" onClick={player.togglePlay}>
              <PlayIcon />
              {playerWords().play}
            </button>
            <p>{playerWords().blocked}</p>
          </Match>
          <Match when={player.full() && player.state() !== "playing"}>
            <p>{playerWords().full}</p>
          </Match>
          <Match when={player.state() === "loading"}>
            <p class="player-working">{playerWords().connecting}</p>
          </Match>
          <Match when={player.state() === "recovering"}>
            <p class="player-working">{playerWords().recovering}</p>
          </Match>
        </Switch>
      </div>
      <Show when={choices.muted() && player.state() === "playing" && !stats()}>
        <button type="button" class="player-sound" onClick={() => choices.setMuted(false)}>
          <MutedIcon />
          {playerWords().sound}
        </button>
      </Show>
      <Show when={stats()}>
        <StatsOverlay player={player} video={video()} onClose={() => setStats(false)} />
      </Show>
      <Controls
        player={player}
        storyboard={storyboard()}
        fullscreen={fullscreen()}
        onFullscreen={() => void toggleFullscreen()}
        theatre={props.onTheatre === undefined ? null : props.theatre === true}
        onTheatre={commands["toggle-theatre"]}
        pip={pip}
        casting={casting}
        menu={menu()}
        onMenu={setMenu}
        onStats={() => {
          setMenu(false);
          commands["toggle-stats"]();
        }}
        onHelp={commands["toggle-help"]}
      />
      <Show when={help()}>
        <ShortcutSheet
          theatre={props.onTheatre !== undefined}
          onClose={() => {
            setHelp(false);
            video()?.focus();
          }}
        />
      </Show>
    </section>
  );
}
