/** Broadcasts of a channel, a page at a time. */
import { type Accessor, createSignal } from "solid-js";
import { client, type Stream } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf } from "../session/problem.ts";

const PAGE = 20;

export function createPlanned(channelId: Accessor<number>) {
  return createAnswer(
    channelId,
    (id) => outcomeOf(client.api.streams.get({ query: { channelId: id, status: "planned", limit: 50 } })),
    { keep: true },
  );
}

/** What was, and what is on air, the newest first. */
export function createPast(channelId: Accessor<number>) {
  const [more, setMore] = createSignal<Stream[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [hidden, setHidden] = createSignal<ReadonlySet<number>>(new Set());
  const ask = (id: number, from?: string) =>
    outcomeOf(
      client.api.streams.get({
        query: { channelId: id, limit: PAGE, ...(from === undefined ? {} : { cursor: from }) },
      }),
    );
  const first = createAnswer(
    channelId,
    async (id) => {
      const outcome = await ask(id);
      if (outcome.ok) {
        setMore([]);
        setCursor(outcome.value.nextCursor);
      }
      return outcome;
    },
    { keep: true },
  );
  return {
    ...first,
    items: () => [...(first.value()?.items ?? []), ...more()].filter(({ id }) => !hidden().has(id)),
    hasMore: () => cursor() !== null,
    async showMore() {
      const outcome = await ask(channelId(), cursor() ?? undefined);
      if (!outcome.ok) return;
      setMore((now) => [...now, ...outcome.value.items]);
      setCursor(outcome.value.nextCursor);
    },
    hide: (id: number) => setHidden((now) => new Set([...now, id])),
    unhide: (id: number) => setHidden((now) => new Set([...now].filter((other) => other !== id))),
  };
}
