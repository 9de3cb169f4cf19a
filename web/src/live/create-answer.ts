/** One answer of the API for a page: asked for again when what it depends on changes, or when the page says so. */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import type { Outcome, Problem } from "../session/problem.ts";

export interface Answer<T> {
  /** Null until it is there. While another one is on its way, the last one stays. */
  readonly value: Accessor<T | null>;
  /** Why there is none. */
  readonly problem: Accessor<Problem | null>;
  readonly loading: Accessor<boolean>;
  reload(): Promise<void>;
  /** What the page knows better, because it has just changed it. */
  change(change: (value: T) => T): void;
}

/** `key` null: there is nothing to ask for yet. A key that changes forgets the answer before. */
export function createAnswer<Key, T>(
  key: Accessor<Key | null>,
  ask: (key: Key) => Promise<Outcome<T>>,
  { keep = false }: { readonly keep?: boolean } = {},
): Answer<T> {
  const [value, setValue] = createSignal<T | null>(null, { equals: false });
  const [problem, setProblem] = createSignal<Problem | null>(null);
  const [loading, setLoading] = createSignal(true);
  const current = createMemo(key);
  let turn = 0;
  onCleanup(() => {
    turn = -1;
  });

  async function load(wanted: Key): Promise<void> {
    turn += 1;
    const mine = turn;
    setLoading(true);
    const outcome = await ask(wanted);
    if (mine !== turn) return;
    setLoading(false);
    setProblem(outcome.ok ? null : outcome.problem);
    if (outcome.ok) setValue(() => outcome.value);
  }

  createEffect(
    on(current, (wanted) => {
      if (!keep) {
        setValue(null);
        setProblem(null);
      }
      if (wanted !== null) void load(wanted);
    }),
  );

  return {
    value,
    problem,
    loading,
    async reload() {
      const wanted = current();
      if (wanted !== null) await load(wanted);
    },
    change(change) {
      setValue((now) => (now === null ? now : change(now)));
    },
  };
}
