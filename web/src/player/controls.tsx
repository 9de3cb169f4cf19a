import { For, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { ExpandIcon, MutedIcon, PauseIcon, PlayIcon, ShrinkIcon, SoundIcon } from "../ui/icons.tsx";
import type { Player } from "./create-player.ts";

export interface ControlsProps {
  readonly player: Player;
  readonly fullscreen: boolean;
  readonly onFullscreen: () => void;
}

/** Names of formats, the same in every language. */
const NAMES = { hls: "HLS", dash: "DASH" } as const;

export function Controls(props: ControlsProps) {
  const paused = () => props.player.state() === "paused" || props.player.blocked();
  return (
    <div class="controls">
      <button
        type="button"
        class="control"
        aria-label={paused() ? words().player.play : words().player.pause}
        onClick={props.player.togglePlay}
      >
        <Show when={paused()} fallback={<PauseIcon />}>
          <PlayIcon />
        </Show>
      </button>
      <button
        type="button"
        class="control"
        aria-label={props.player.muted() ? words().player.unmute : words().player.mute}
        onClick={() => props.player.setMuted(!props.player.muted())}
      >
        <Show when={props.player.muted()} fallback={<SoundIcon />}>
          <MutedIcon />
        </Show>
      </button>
      <input
        class="volume"
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-label={words().player.volume}
        value={props.player.muted() ? 0 : props.player.volume()}
        onInput={(event) => props.player.setVolume(event.currentTarget.valueAsNumber)}
      />
      <button
        type="button"
        class="live-button"
        classList={{ "live-button-behind": props.player.behind() }}
        aria-label={props.player.behind() ? words().player.toLive : words().player.live}
        aria-disabled={!props.player.behind()}
        onClick={props.player.jumpToLive}
      >
        <span class="lamp-dot" aria-hidden="true" />
        {words().player.live}
      </button>
      <span class="controls-gap" />
      <Show when={props.player.formats().length > 1}>
        <fieldset class="formats">
          <legend class="visually-hidden">{words().player.delivery}</legend>
          <For each={props.player.formats()}>
            {(format) => (
              <button
                type="button"
                aria-pressed={props.player.format() === format}
                data-format={format}
                onClick={() => props.player.setFormat(format)}
              >
                {NAMES[format]}
              </button>
            )}
          </For>
        </fieldset>
      </Show>
      <button
        type="button"
        class="control"
        aria-label={props.fullscreen ? words().player.exitFullscreen : words().player.fullscreen}
        onClick={props.onFullscreen}
      >
        <Show when={props.fullscreen} fallback={<ExpandIcon />}>
          <ShrinkIcon />
        </Show>
      </button>
    </div>
  );
}
