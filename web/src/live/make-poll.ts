/**
 * Asks again and again, politely: with the tag of the last answer, never twice at once, not in a hidden tab, and slower while the server is away.
 */
export type Answer<T> =
  | { readonly kind: "changed"; readonly value: T; readonly etag: string | null }
  | { readonly kind: "same" }
  /** `times`: in a row. A single one happens, and says little. */
  | { readonly kind: "failed"; readonly times?: number };

/** Whether the server is there, as far as an answer says it. */
export const isReachable = (answer: Answer<unknown>): boolean => answer.kind !== "failed" || (answer.times ?? 1) < 2;

export interface PollOptions<T> {
  readonly ask: (etag: string | null, signal: AbortSignal) => Promise<Answer<T>>;
  readonly onAnswer: (answer: Answer<T>) => void;
  /** The pause between an answer and the next question; asked for each time. */
  readonly everyMs: number | (() => number);
  /** `document` in a page; a stand-in in tests. */
  readonly visibility: Pick<Document, "hidden" | "addEventListener" | "removeEventListener">;
}

export interface Poll {
  /** Asks at once, unless an answer is already on its way. */
  now(): void;
  stop(): void;
}

const SLOWEST_MS = 15_000;
const ANSWER_WITHIN_MS = 10_000;

export function makePoll<T>({ ask, onAnswer, everyMs, visibility }: PollOptions<T>): Poll {
  let etag: string | null = null;
  let failures = 0;
  let asking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopped = new AbortController();

  function schedule(): void {
    clearTimeout(timer);
    if (stopped.signal.aborted || visibility.hidden) return;
    const pause = typeof everyMs === "number" ? everyMs : everyMs();
    timer = setTimeout(now, failures === 0 ? pause : Math.min(SLOWEST_MS, pause * 2 ** Math.min(failures, 8)));
  }

  function now(): void {
    if (asking || stopped.signal.aborted) return;
    asking = true;
    clearTimeout(timer);
    void ask(etag, AbortSignal.any([stopped.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]))
      .catch((): Answer<T> => ({ kind: "failed" }))
      .then((answer) => {
        asking = false;
        if (stopped.signal.aborted) return;
        failures = answer.kind === "failed" ? failures + 1 : 0;
        if (answer.kind === "changed") etag = answer.etag;
        schedule();
        onAnswer(answer.kind === "failed" ? { ...answer, times: failures } : answer);
      });
  }

  function onVisibility(): void {
    if (visibility.hidden) clearTimeout(timer);
    else now();
  }

  visibility.addEventListener("visibilitychange", onVisibility);
  now();
  return {
    now,
    stop: () => {
      stopped.abort();
      clearTimeout(timer);
      visibility.removeEventListener("visibilitychange", onVisibility);
    },
  };
}
