import { createSignal, onCleanup, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { CheckIcon, CopyIcon } from "./icons.tsx";

/** A value to paste somewhere else, with a button that copies it. Where the clipboard is forbidden, the text is selected instead. */
export function CopyField(props: { value: string; label: string; action: string }) {
  const [copied, setCopied] = createSignal(false);
  let text: HTMLElement | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(props.value);
      setCopied(true);
      clearTimeout(timer);
      timer = setTimeout(() => setCopied(false), 2500);
    } catch {
      // Plain http on another host has no clipboard: the reader copies the selection by hand.
      if (text !== undefined) getSelection()?.selectAllChildren(text);
    }
  }

  return (
    <div class="copy-field">
      <code class="copy-value" ref={text}>
        {props.value}
      </code>
      <button
        type="button"
        class="copy-button"
        aria-label={copied() ? undefined : props.action}
        onClick={() => void copy()}
      >
        <Show when={copied()} fallback={<CopyIcon />}>
          <CheckIcon />
        </Show>
        <span>{copied() ? words().guide.copied : words().guide.copy}</span>
      </button>
      <span class="visually-hidden" role="status">
        {copied() ? words().guide.copied : ""}
      </span>
    </div>
  );
}
