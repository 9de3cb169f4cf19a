import { createSignal, Match, onCleanup, Show, Switch } from "solid-js";
import { words } from "../i18n/locale.ts";
import { MutedIcon, PlayIcon } from "../ui/icons.tsx";
import { Controls } from "./controls.tsx";
import { createPlayer } from "./create-player.ts";
import type { Sources } from "./engine.ts";
import { type Action, actionFor } from "./shortcuts.ts";

export interface PlayerViewProps {
  readonly title: string;
  readonly sources: Sources | null;
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
  let root: HTMLElement | undefined;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const player = createPlayer({ video, still, sources: () => props.sources, onEnded: () => props.onEnded() });

  function stir(): void {
    setIdle(false);
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => setIdle(true), IDLE_MS);
  }
  const onFullscreen = () => setFullscreen(document.fullscreenElement === root);
  document.addEventListener("fullscreenchange", onFullscreen);
  onCleanup(() => {
    clearTimeout(idleTimer);
    document.removeEventListener("fullscreenchange", onFullscreen);
  });

  async function toggleFullscreen(): Promise<void> {
    try {
      if (document.fullscreenElement !== null) await document.exitFullscreen();
      else await root?.requestFullscreen();
    } catch {
      // Refused, for example inside a frame that does not allow it: the video stays where it is.
    }
  }

  const actions: Readonly<Record<Action, () => void>> = {
    "toggle-play": player.togglePlay,
    "toggle-mute": () => player.setMuted(!player.muted()),
    "toggle-fullscreen": () => void toggleFullscreen(),
    "jump-to-live": player.jumpToLive,
    "volume-up": () => player.setVolume(player.volume() + VOLUME_STEP),
    "volume-down": () => player.setVolume(player.volume() - VOLUME_STEP),
  };

  function onKeyDown(event: KeyboardEvent): void {
    stir();
    const { key, code, ctrlKey, altKey, metaKey } = event;
    const action = actionFor({ key, code, ctrlKey, altKey, metaKey, focus: focusOf(event.target) });
    if (action === null) return;
    event.preventDefault();
    actions[action]();
  }

  return (
    <section
      class="player"
      classList={{ "player-idle": idle() && player.state() === "playing" }}
      ref={root}
      aria-label={words().player.region}
      aria-describedby="player-keys"
      onPointerMove={stir}
      onFocusIn={stir}
      onKeyDown={onKeyDown}
    >
      <p id="player-keys" class="visually-hidden">
        {words().player.keys}
      </p>
      {/* biome-ignore lint/a11y/useMediaCaption: a live broadcast has no caption file; captions inside the media show by themselves. */}
      <video
        ref={setVideo}
        class="player-video"
        aria-label={words().player.label(props.title)}
        data-player={player.engineKind() ?? undefined}
        data-state={player.state()}
        tabindex="0"
        playsinline
        onClick={player.togglePlay}
        onDblClick={() => void toggleFullscreen()}
      />
      <canvas class="player-still" classList={{ "player-still-shown": player.frozen() }} ref={setStill} />
      <div class="player-message" role="status">
        <Switch>
          <Match when={!player.supported()}>
            <p>{words().player.unsupported}</p>
          </Match>
          <Match when={player.blocked()}>
            <button type="button" class="button button-stage" onClick={player.togglePlay}>
              <PlayIcon />
              {words().player.play}
            </button>
            <p>{words().player.blocked}</p>
          </Match>
          <Match when={player.state() === "loading"}>
            <p class="player-working">{words().player.connecting}</p>
          </Match>
          <Match when={player.state() === "recovering"}>
            <p class="player-working">{words().player.recovering}</p>
          </Match>
        </Switch>
      </div>
      <Show when={player.muted() && player.state() === "playing"}>
        <button type="button" class="player-sound" onClick={() => player.setMuted(false)}>
          <MutedIcon />
          {words().player.sound}
        </button>
      </Show>
      <Controls player={player} fullscreen={fullscreen()} onFullscreen={() => void toggleFullscreen()} />
    </section>
  );
}

function focusOf(target: EventTarget | null): "button" | "slider" | "text" | "other" {
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return "slider";
    return target.type === "radio" ? "slider" : "text";
  }
  return target instanceof HTMLButtonElement ? "button" : "other";
}
