/** A list of broadcasts that changes seldom: planned or past ones, of everyone or of one channel. */
import { type Accessor, createEffect, on, onCleanup } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { client, type Stream } from "./client.ts";
import { conditional, revalidate } from "./conditional.ts";
import { useTopic } from "./events.ts";
import { makePoll } from "./make-poll.ts";
import { makeRereading } from "./make-rereading.ts";

export interface StreamListQuery {
  readonly status: "planned" | "ended";
  readonly channelId?: number;
  readonly limit: number;
}

const EVERY_MS = 60_000;

/** `query` null: nothing is asked for yet. */
export function createStreamList(query: Accessor<StreamListQuery | null>) {
  const [list, setList] = createStore<{ items: Stream[]; loaded: boolean }>({ items: [], loaded: false });

  createEffect(
    on(query, (wanted) => {
      setList({ items: [], loaded: false });
      if (wanted === null) return;
      const { channelId } = wanted;
      const poll = makePoll({
        ask: (etag, signal) =>
          conditional(client.api.streams.get({ query: { ...wanted }, ...revalidate(etag, signal) })),
        everyMs: EVERY_MS,
        visibility: document,
        onAnswer: (answer) => {
          if (answer.kind !== "changed") return;
          setList("items", reconcile([...answer.value.items], { key: "id" }));
          setList("loaded", true);
        },
      });
      const rereading = makeRereading(poll.now);
      useTopic(
        () => (channelId === undefined ? "streams" : `channel:${channelId}`),
        (message) => {
          if (message.type.startsWith("stream.") && message.type !== "stream.sample") rereading.someday();
        },
      );
      onCleanup(() => {
        rereading.stop();
        poll.stop();
      });
    }),
  );

  return list;
}
