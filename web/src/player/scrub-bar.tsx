import { createSignal, Show } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { formatClock } from "../i18n/when.ts";
import type { Player } from "./create-player.ts";
import type { Storyboard, Tile } from "./storyboard.ts";

const SPREAD = 1000;

/** Where the picture stands in what can be seen; with pictures of what is there, if the server has them. */
export function ScrubBar(props: { player: Player; storyboard: Storyboard | null }) {
  const { timeline } = props.player;
  /** While the pointer drags, the picture follows only now and then, the knob at once. */
  const [dragged, setDragged] = createSignal<number | null>(null);
  const [hovered, setHovered] = createSignal<{ share: number; x: number } | null>(null);
  const span = () => timeline.span() ?? { start: 0, end: 0 };
  const length = () => Math.max(0.001, span().end - span().start);
  /** At the live edge, which is a little ahead of any picture, the bar is full. */
  const isAtEdge = () => dragged() === null && props.player.isLive() && timeline.followsLive() && !timeline.behind();
  const share = () => (isAtEdge() ? 1 : shareOf());
  const shareOf = () => Math.min(1, Math.max(0, ((dragged() ?? timeline.position()) - span().start) / length()));
  const at = (part: number) => span().start + part * length();

  /** What a viewer calls this moment: since the beginning, or how far behind live. */
  function spoken(time: number): string {
    if (!props.player.isLive()) return formatClock(time - span().start);
    const behind = span().end - time;
    return behind < 1 ? playerWords().live : `−${formatClock(behind)}`;
  }
  const valueText = () => {
    if (props.player.isLive()) {
      return timeline.behind() ? playerWords().behind(formatClock(timeline.behindBy())) : playerWords().live;
    }
    return playerWords().at(formatClock(timeline.position() - span().start), formatClock(length()));
  };
  const tile = (): Tile | null => {
    const over = hovered();
    if (over === null || props.storyboard === null) return null;
    const time = at(over.share);
    if (!props.player.isLive()) return props.storyboard.tileAt({ seconds: time - span().start });
    const shown = timeline.wallClock();
    return shown === null ? null : props.storyboard.tileAt({ moment: shown + (time - timeline.position()) * 1000 });
  };

  return (
    <div
      class="scrub"
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const x = Math.min(box.width, Math.max(0, event.clientX - box.left));
        setHovered({ share: box.width === 0 ? 0 : x / box.width, x });
        props.storyboard?.wanted();
      }}
      onPointerLeave={() => setHovered(null)}
    >
      <div class="scrub-track" aria-hidden="true">
        <div class="scrub-done" style={{ transform: `scaleX(${share()})` }} />
      </div>
      <input
        class="scrub-input"
        type="range"
        data-scrub=""
        min="0"
        max={SPREAD}
        step="any"
        aria-label={playerWords().position}
        aria-valuetext={valueText()}
        value={share() * SPREAD}
        onInput={(event) => setDragged(at(event.currentTarget.valueAsNumber / SPREAD))}
        onChange={(event) => {
          timeline.go(at(event.currentTarget.valueAsNumber / SPREAD));
          setDragged(null);
        }}
      />
      <Show when={hovered()}>
        {(over) => (
          <div class="scrub-bubble" style={{ "--x": `${over().x}px` }} aria-hidden="true">
            <Show when={tile()}>
              {(picture) => (
                <span
                  class="scrub-picture"
                  style={{
                    width: `${picture().width}px`,
                    height: `${picture().height}px`,
                    "background-image": `url("${picture().url}")`,
                    "background-position": `${-picture().x}px ${-picture().y}px`,
                  }}
                />
              )}
            </Show>
            <span>{spoken(at(over().share))}</span>
          </div>
        )}
      </Show>
    </div>
  );
}
