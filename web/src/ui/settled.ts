/** Whether the first picture of the page is drawn and the browser has nothing better to do: what nobody waits for begins then. */
import { type Accessor, createSignal } from "solid-js";

const WITHIN_MS = 2_000;
const SHORT_PAUSE_MS = 200;

const [settled, setSettled] = createSignal(false);

function settle(): void {
  // Safari has no word for idle.
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => setSettled(true), { timeout: WITHIN_MS });
  else setTimeout(() => setSettled(true), SHORT_PAUSE_MS);
}

if (document.readyState === "complete") settle();
else window.addEventListener("load", settle, { once: true });

/** True for good once it was. */
export const isSettled: Accessor<boolean> = settled;
