import { createSignal, onCleanup, type ParentProps, Show, untrack } from "solid-js";
import { breathe } from "./breathe.ts";
import { isSettled } from "./settled.ts";

/**
 * While a page is drawn for the first time, its children are made in a task of their own, after what stands before them: a slow phone paints and
 * answers a finger in between.
 */
export function Later(props: ParentProps) {
  const [isDue, setDue] = createSignal(untrack(isSettled));
  let isGone = false;
  onCleanup(() => {
    isGone = true;
  });
  if (!untrack(isDue)) void breathe().then(() => isGone || setDue(true));
  return <Show when={isDue()}>{props.children}</Show>;
}
