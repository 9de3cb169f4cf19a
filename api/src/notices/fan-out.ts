/**
 * One notice to many: jobs of some receivers each. What a receiver's own trouble keeps from arriving is tried again for that receiver alone, with
 * growing waits; whoever has it is not told twice.
 */
import type { Bus } from "@streamhub/db";

/** `retryAfter`: seconds that the receiver's side asks for; null: it says nothing. */
export type Delivery = "done" | { readonly retryAfter: number | null };

export interface Batch {
  readonly streamId: number;
  /** Of receivers. */
  readonly ids: readonly number[];
  /** From 1. */
  readonly attempt: number;
}

export interface FanOutOptions<Notice> {
  readonly jobs: Bus["jobs"];
  /** Of the job. */
  readonly name: string;
  /** What is to be said now; null: nothing any more. */
  readonly read: (streamId: number) => Promise<Notice | null>;
  /** Never rejects for what concerns one receiver alone. */
  readonly send: (notice: Notice, ids: readonly number[]) => Promise<ReadonlyMap<number, Delivery>>;
  /** Told of receivers that are given up. */
  readonly onLost: (count: number) => void;
  /** Milliseconds before the second attempt. */
  readonly firstRetry?: number;
}

export const BATCH = 50;
const ATTEMPTS = 6;
const FIRST_RETRY = 5_000;
const LONGEST = 10 * 60_000;

export interface FanOut {
  /** Takes jobs of this kind from now on. */
  start(): Promise<void>;
  /** `page`: receivers in the order of their ids, behind one of them. */
  begin(streamId: number, page: (after: number, limit: number) => Promise<readonly number[]>): Promise<void>;
}

export function makeFanOut<Notice>(options: FanOutOptions<Notice>): FanOut {
  const { jobs, name, read, send, onLost, firstRetry = FIRST_RETRY } = options;

  const add = (batch: Batch, delay?: number) =>
    jobs.add(name, JSON.stringify(batch), {
      id: `${name}.${batch.streamId}.${batch.ids[0]}.${batch.attempt}`,
      ...(delay === undefined ? {} : { delay }),
    });

  async function work(data: string): Promise<void> {
    const { streamId, ids, attempt } = JSON.parse(data) as Batch;
    const notice = await read(streamId);
    if (notice === null) return;
    const outcomes = await send(notice, ids);
    const failed = ids.filter((id) => (outcomes.get(id) ?? "done") !== "done");
    if (failed.length === 0) return;
    if (attempt >= ATTEMPTS) {
      onLost(failed.length);
      return;
    }
    const asked = [...outcomes.values()].map((each) => (each === "done" ? 0 : (each.retryAfter ?? 0) * 1_000));
    const wait = Math.max(firstRetry * 3 ** (attempt - 1), ...asked);
    // Later it would be no news.
    if (wait > LONGEST) onLost(failed.length);
    else await add({ streamId, ids: failed, attempt: attempt + 1 }, wait);
  }

  return {
    start: () => jobs.work(name, work),
    async begin(streamId, page) {
      for (let after = 0; ; ) {
        const ids = await page(after, BATCH);
        if (ids.length > 0) await add({ streamId, ids, attempt: 1 });
        if (ids.length < BATCH) return;
        after = ids.at(-1) ?? after;
      }
    },
  };
}
