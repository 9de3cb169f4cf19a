import { For, onMount } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { CloseIcon } from "../ui/viewer-icons.tsx";

const KEYS = [
  ["play", "Space, K"],
  ["back", "J"],
  ["forward", "L"],
  ["small", "← →"],
  ["jump", "0 – 9"],
  ["live", "End"],
  ["mute", "M"],
  ["volume", "↑ ↓"],
  ["fullscreen", "F"],
  ["theatre", "T"],
  ["pip", "I"],
  ["captions", "C"],
  ["speed", "< >"],
  ["help", "?"],
] as const;

/** All keys of the player. */
export function ShortcutSheet(props: { theatre: boolean; onClose: () => void }) {
  let close: HTMLButtonElement | undefined;
  onMount(() => close?.focus());
  return (
    <div class="sheet" role="dialog" aria-label={playerWords().help}>
      <div class="sheet-head">
        <h2>{playerWords().help}</h2>
        <button ref={close} type="button" class="control" aria-label={playerWords().close} onClick={props.onClose}>
          <CloseIcon />
        </button>
      </div>
      <dl>
        <For each={KEYS.filter(([name]) => name !== "theatre" || props.theatre)}>
          {([name, keys]) => (
            <div>
              <dt>{playerWords().key[name]}</dt>
              <dd>
                <kbd>{keys}</kbd>
              </dd>
            </div>
          )}
        </For>
      </dl>
    </div>
  );
}
