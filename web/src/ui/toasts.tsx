/** Short messages about what has just happened, and the way back where there is one. */
import { createSignal, For, Show } from "solid-js";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
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
export function say(text: string, action?: Toast["action"], shownMs = SHOWN_MS): () => void {
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
            <Show when={toast.action}>
              {(action) => (
                <button
                  type="button"
                  onClick={() => {
                    clearTimeout(toast.timer);
                    drop(toast.id);
                    action().run();
                  }}
                >
                  {action().label}
                </button>
              )}
            </Show>
          </div>
        )}
      </For>
    </div>
  );
}
