/** Short messages about what has just happened, and the way back where there is one. */
import { A } from "@solidjs/router";
import { createSignal, For, Show } from "solid-js";

/** What can be done about it: something here, or a page to go to. */
type Action = { readonly label: string } & ({ readonly run: () => void } | { readonly href: string });

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: Action | undefined;
  readonly timer: ReturnType<typeof setTimeout>;
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([]);
const SHOWN_MS = 5_000;
const MOST = 4;
let next = 0;

function drop(id: number): void {
  setToasts((all) => all.filter((toast) => toast.id !== id));
}

/** Says it for some seconds; gives back how to take it away earlier. */
export function say(text: string, action?: Action, shownMs = SHOWN_MS): () => void {
  next += 1;
  const id = next;
  const toast = { id, text, action, timer: setTimeout(() => drop(id), shownMs) };
  setToasts((all) => [...all, toast].slice(-MOST));
  return () => drop(id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={toasts()}>
        {(toast) => (
          <div class="toast">
            <span>{toast.text}</span>
            <Show when={toast.action}>{(action) => <ToastAction toast={toast} action={action()} />}</Show>
          </div>
        )}
      </For>
    </div>
  );
}

function ToastAction(props: { toast: Toast; action: Action }) {
  function done(): void {
    clearTimeout(props.toast.timer);
    drop(props.toast.id);
  }
  return "href" in props.action ? (
    <A href={props.action.href} onClick={done}>
      {props.action.label}
    </A>
  ) : (
    <button
      type="button"
      onClick={() => {
        done();
        if ("run" in props.action) props.action.run();
      }}
    >
      {props.action.label}
    </button>
  );
}
