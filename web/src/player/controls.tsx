import { type JSX, Show } from "solid-js";
import { shortSeconds } from "../i18n/formats.ts";
import { locale } from "../i18n/language.ts";
import { playerWords } from "../i18n/player-locale.ts";
import { formatClock } from "../i18n/when.ts";
import { ExpandIcon, MutedIcon, PauseIcon, PlayIcon, ShrinkIcon, SoundIcon } from "../ui/icons.tsx";
import { CaptionsIcon, CastIcon, GearIcon, PipIcon, ReplayIcon, TheatreIcon } from "../ui/viewer-icons.tsx";
import type { Player } from "./create-player.ts";
import { ScrubBar } from "./scrub-bar.tsx";
import { SettingsMenu } from "./settings-menu.tsx";
import type { Storyboard } from "./storyboard.ts";

export interface ControlsProps {
  readonly player: Player;
  readonly storyboard: Storyboard | null;
  readonly fullscreen: boolean;
  readonly onFullscreen: () => void;
  /** null: there is no such mode here. */
  readonly theatre: boolean | null;
  readonly onTheatre: () => void;
  readonly pip: { readonly supported: boolean; active: () => boolean; toggle: () => unknown };
  readonly casting: { available: () => boolean; choose: () => void };
  readonly menu: boolean;
  readonly onMenu: (open: boolean) => void;
  readonly onStats: () => void;
  readonly onHelp: () => void;
}

function Control(props: {
  label: string;
  onClick: () => void;
  class?: string;
  expanded?: boolean;
  children: JSX.Element;
}) {
  return (
    <button
      type="button"
      class={`control ${props.class ?? ""}`}
      aria-label={props.label}
      title={props.label}
      aria-expanded={props.expanded}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

export function Controls(props: ControlsProps) {
  const { player } = props;
  const { choices, timeline } = player;
  const paused = () => player.state() === "paused" || player.blocked();
  let gear: HTMLDivElement | undefined;

  return (
    <div class="controls">
      <Show when={timeline.span()}>
        <ScrubBar player={player} storyboard={props.storyboard} />
      </Show>
      <div class="controls-row">
        <Control
          label={player.ended() ? playerWords().replay : paused() ? playerWords().play : playerWords().pause}
          onClick={player.togglePlay}
        >
          <Show
            when={player.ended()}
            fallback={
              <Show when={paused()} fallback={<PauseIcon />}>
                {<PlayIcon />}
              </Show>
            }
          >
            <ReplayIcon />
          </Show>
        </Control>
        <Control
          label={choices.muted() ? playerWords().unmute : playerWords().mute}
          onClick={() => choices.setMuted(!choices.muted())}
        >
          <Show when={choices.muted()} fallback={<SoundIcon />}>
            <MutedIcon />
          </Show>
        </Control>
        <input
          class="volume"
          type="range"
          min="0"
          max="1"
          step="0.05"
          aria-label={playerWords().volume}
          value={choices.muted() ? 0 : choices.volume()}
          onInput={(event) => choices.setVolume(event.currentTarget.valueAsNumber)}
        />
        <Show when={player.isLive()} fallback={<Times player={player} />}>
          <LiveButton player={player} />
        </Show>
        <span class="controls-gap" />
        <Show when={choices.hasCaptions()}>
          <Control
            class={choices.captions() ? "control-on" : ""}
            label={choices.captions() ? playerWords().noCaptions : playerWords().captions}
            onClick={choices.toggleCaptions}
          >
            <CaptionsIcon />
          </Control>
        </Show>
        <div
          class="menu-place"
          ref={gear}
          onFocusOut={(event) => {
            const to = event.relatedTarget;
            if (to instanceof Node && !event.currentTarget.contains(to)) props.onMenu(false);
          }}
        >
          <Control label={playerWords().settings} expanded={props.menu} onClick={() => props.onMenu(!props.menu)}>
            <GearIcon />
          </Control>
          <Show when={props.menu}>
            <SettingsMenu player={player} onStats={props.onStats} onHelp={props.onHelp} />
          </Show>
        </div>
        <Show when={props.casting.available()}>
          <Control label={playerWords().cast} onClick={props.casting.choose}>
            <CastIcon />
          </Control>
        </Show>
        <Show when={props.pip.supported}>
          <Control
            class="control-wide"
            label={props.pip.active() ? playerWords().exitPip : playerWords().pip}
            onClick={() => void props.pip.toggle()}
          >
            <PipIcon />
          </Control>
        </Show>
        <Show when={props.theatre !== null && !props.fullscreen}>
          <Control
            class="control-desk"
            label={props.theatre ? playerWords().exitTheatre : playerWords().theatre}
            onClick={props.onTheatre}
          >
            <TheatreIcon />
          </Control>
        </Show>
        <Control
          label={props.fullscreen ? playerWords().exitFullscreen : playerWords().fullscreen}
          onClick={props.onFullscreen}
        >
          <Show when={props.fullscreen} fallback={<ExpandIcon />}>
            <ShrinkIcon />
          </Show>
        </Control>
      </div>
    </div>
  );
}

/** Says that it is live and how old the picture is; behind, how far, and the way back. */
function LiveButton(props: { player: Player }) {
  const { timeline } = props.player;
  const label = () => (timeline.behind() ? playerWords().toLive : playerWords().live);
  return (
    <>
      <button
        type="button"
        class="live-button"
        classList={{ "live-button-behind": timeline.behind() }}
        title={label()}
        aria-disabled={!timeline.behind()}
        onClick={() => {
          if (timeline.behind()) timeline.jumpToLive();
        }}
      >
        <span class="lamp-dot" aria-hidden="true" />
        {label()}
      </button>
      <span
        class="live-latency"
        data-latency={timeline.latency()?.toFixed(2)}
        title={playerWords().latency((timeline.latency() ?? 0).toFixed(1))}
      >
        <Show
          when={timeline.behind()}
          fallback={timeline.latency() === null ? "" : shortSeconds(locale(), timeline.latency() ?? 0)}
        >
          −{formatClock(timeline.behindBy())}
        </Show>
      </span>
    </>
  );
}

function Times(props: { player: Player }) {
  const { timeline } = props.player;
  const start = () => timeline.span()?.start ?? 0;
  return (
    <span class="times">
      {formatClock(timeline.position() - start())}
      <span> / {formatClock((timeline.span()?.end ?? 0) - start())}</span>
    </span>
  );
}
