/** Many requests, few queries: what is asked while a query is under way, or was a moment ago, waits for the next one. */

export interface BatchOptions<Q, A> {
  /** Answers, in the order of the questions. */
  readonly ask: (questions: readonly Q[]) => Promise<readonly A[]>;
  /** Between two queries. Milliseconds; 0: the next one goes as soon as there is an answer. */
  readonly pause: number;
  /** Queries under way at the same time, at most. Default 1. */
  readonly parallel?: number;
  readonly largest: number;
  /** More than these waiting are refused at once. */
  readonly maxWaiting: number;
  /** What they are refused with. */
  readonly full: () => Error;
}

interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** A question whose batch fails is asked once more, alone: one bad one takes no other with it. */
export function makeBatches<Q, A>({ ask, pause, parallel = 1, largest, maxWaiting, full }: BatchOptions<Q, A>) {
  let waiting: Waiting<Q, A>[] = [];
  let running = 0;

  async function answer(batch: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await ask(batch.map(({ question }) => question));
      batch.forEach(({ resolve }, n) => {
        resolve(answers[n]!);
      });
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const single of batch) await answer([single]);
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, largest);
      waiting = waiting.slice(largest);
      await answer(batch);
      if (pause > 0) await Bun.sleep(pause);
    }
    running--;
  }

  return (question: Q): Promise<A> => {
    if (waiting.length >= maxWaiting) return Promise.reject(full());
    return new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      // What arrives within the same turn of the event loop goes with the first query already.
      if (running < parallel) {
        running++;
        setImmediate(() => void run());
      }
    });
  };
}
