import { createUniqueId, For, type JSX, Show } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { RATES } from "./create-choices.ts";
import type { Player } from "./create-player.ts";
import type { Format, Level } from "./engine.ts";

/** "1080p60": as viewers know it. */
export function levelName({ height, frameRate, bitrate }: Level): string {
  if (height === 0) return `${Math.round(bitrate / 1000)} kbit/s`;
  return `${height}p${frameRate > 31 ? Math.round(frameRate) : ""}`;
}

export const formatName = (format: Format): string =>
  ({ hls: "HLS", dash: "DASH", frames: playerWords().ultra })[format];

function Choice(props: { name: string; label: string; checked: boolean; onChoose: () => void }) {
  return (
    <label class="menu-choice">
      <input type="radio" name={props.name} checked={props.checked} onChange={props.onChoose} />
      <span>{props.label}</span>
    </label>
  );
}

function Group(props: { title: string; children: JSX.Element }) {
  return (
    <fieldset class="menu-group">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}

export interface SettingsMenuProps {
  readonly player: Player;
  readonly onStats: () => void;
  readonly onHelp: () => void;
}

export function SettingsMenu(props: SettingsMenuProps) {
  const id = createUniqueId();
  const { player } = props;
  const { choices } = player;
  const auto = () => {
    const level = choices.level();
    return choices.quality() === null && level !== null
      ? `${playerWords().auto} (${levelName(level)})`
      : playerWords().auto;
  };
  const isChosen = (level: Level) => choices.chosen()?.id === level.id;
  const hasSpeeds = () => !player.isLive() || player.timeline.span() !== null;

  return (
    <div class="menu" role="dialog" aria-label={playerWords().settings}>
      <Show when={choices.levels().length > 1}>
        <Group title={playerWords().quality}>
          <Choice
            name={`${id}-quality`}
            label={auto()}
            checked={choices.quality() === null}
            onChoose={() => choices.setQuality(null)}
          />
          <For each={choices.levels()}>
            {(level) => (
              <Choice
                name={`${id}-quality`}
                label={levelName(level)}
                checked={isChosen(level)}
                onChoose={() => choices.setQuality(level.height)}
              />
            )}
          </For>
        </Group>
      </Show>
      <Show when={hasSpeeds()}>
        <Group title={playerWords().speed}>
          <div class="menu-row">
            <For each={RATES}>
              {(rate) => (
                <Choice
                  name={`${id}-speed`}
                  label={rate === 1 ? playerWords().normal : `${rate}×`}
                  checked={choices.rate() === rate}
                  onChoose={() => choices.setRate(rate)}
                />
              )}
            </For>
          </div>
        </Group>
      </Show>
      <Show when={player.formats().length > 1}>
        <Group title={playerWords().delivery}>
          <For each={player.formats()}>
            {(format) => (
              <Choice
                name={`${id}-delivery`}
                label={formatName(format)}
                checked={player.format() === format}
                onChoose={() => player.setFormat(format)}
              />
            )}
          </For>
        </Group>
      </Show>
      <div class="menu-group">
        <button type="button" class="menu-button" onClick={props.onStats}>
          {playerWords().stats}
        </button>
        <button type="button" class="menu-button menu-keys" onClick={props.onHelp}>
          {playerWords().help}
        </button>
      </div>
    </div>
  );
}
