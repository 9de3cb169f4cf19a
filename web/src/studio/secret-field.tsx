import { createSignal, onCleanup, Show } from "solid-js";
import { studioWords } from "../i18n/studio-words.ts";
import { CheckIcon, CopyIcon, EyeIcon, EyeOffIcon } from "../ui/icons.tsx";

/** A secret that can be copied without being seen: somebody may look over the shoulder, or the screen may be on air. */
export function SecretField(props: { value: string | null }) {
  const [shown, setShown] = createSignal(false);
  const [copied, setCopied] = createSignal(false);
  const text = () => studioWords().goLive;
  let code: HTMLElement | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(props.value ?? "");
      setCopied(true);
      clearTimeout(timer);
      timer = setTimeout(() => setCopied(false), 2500);
    } catch {
      // Plain http on another host has no clipboard: it is shown and selected, to be copied by hand.
      setShown(true);
      if (code !== undefined) getSelection()?.selectAllChildren(code);
    }
  }

  return (
    <div class="copy-field">
      <code class="copy-value" classList={{ "secret-hidden": !shown() }} ref={code}>
        {shown() ? props.value : "•".repeat(24)}
      </code>
      <button
        type="button"
        class="copy-button"
        aria-label={shown() ? text().hideKey : text().showKey}
        title={shown() ? text().hideKey : text().showKey}
        onClick={() => setShown(!shown())}
      >
        <Show when={shown()} fallback={<EyeIcon />}>
          <EyeOffIcon />
        </Show>
      </button>
      <button
        type="button"
        class="copy-button"
        aria-label={copied() ? undefined : text().copyKey}
        disabled={props.value === null}
        onClick={() => void copy()}
      >
        <Show when={copied()} fallback={<CopyIcon />}>
          <CheckIcon />
        </Show>
        <span>{copied() ? text().copied : text().copy}</span>
      </button>
      <span class="visually-hidden" role="status">
        {copied() ? text().copied : ""}
      </span>
    </div>
  );
}
