import { createSignal, onCleanup } from "solid-js";

/** The time, moving on every few seconds: for labels such as "on air for 12 min". */
export function createNow(everyMs = 5000) {
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), everyMs);
  onCleanup(() => clearInterval(timer));
  return now;
}
