import "../styles/forms.css";
import { createSignal, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { formatClock } from "../i18n/when.ts";
import { CopyField } from "./copy-field.tsx";
import { Dialog } from "./dialog.tsx";
import { ShareIcon } from "./viewer-icons.tsx";

export interface ShareButtonProps {
  /** Address of the page, without its host. */
  readonly path: string;
  readonly title: string;
  /** Address of the player for other pages; null: there is none. */
  readonly embed: string | null;
  /** Seconds that stand on the screen; null where a moment can't be shared. */
  readonly position: () => number | null;
}

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

/** What other sites paste to show a player. */
export function embedCode(src: string, title: string): string {
  return `<iframe src="${escaped(src)}" title="${escaped(title)}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;
}

/** The address of what is watched, from this moment on if wanted, and the player for other pages. */
export function ShareButton(props: ShareButtonProps) {
  const [moment, setMoment] = createSignal<number | null>(null);
  const [open, setOpen] = createSignal(false);
  const [fromMoment, setFromMoment] = createSignal(false);

  function begin(): void {
    const at = props.position();
    setMoment(at === null || at < 1 ? null : Math.floor(at));
    setFromMoment(false);
    setOpen(true);
  }
  const address = () => `${location.origin}${props.path}${fromMoment() && moment() !== null ? `?t=${moment()}` : ""}`;

  return (
    <>
      <button type="button" class="button button-quiet" onClick={begin}>
        <ShareIcon />
        {words().share.open}
      </button>
      <Dialog open={open()} title={words().share.heading} onClose={() => setOpen(false)}>
        <div class="share">
          <h3>{words().share.link}</h3>
          <CopyField value={address()} label={words().share.link} action={words().share.copyLink} />
          <Show when={moment()}>
            {(at) => (
              <label class="share-moment">
                <input
                  type="checkbox"
                  checked={fromMoment()}
                  onChange={(event) => setFromMoment(event.currentTarget.checked)}
                />
                {words().share.from(formatClock(at()))}
              </label>
            )}
          </Show>
          <Show when={props.embed}>
            {(path) => (
              <>
                <h3>{words().share.embed}</h3>
                <CopyField
                  value={embedCode(`${location.origin}${path()}`, props.title)}
                  label={words().share.embed}
                  action={words().share.copyEmbed}
                />
              </>
            )}
          </Show>
          <button type="button" class="button button-quiet" onClick={() => setOpen(false)}>
            {words().share.close}
          </button>
        </div>
      </Dialog>
    </>
  );
}
