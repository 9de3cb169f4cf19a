/** Who is live, as a store that keeps itself up to date: a card whose broadcast did not change is not drawn again. */
import { createSignal, onCleanup } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { client, type Stream } from "./client.ts";
import { conditional, revalidate } from "./conditional.ts";
import { makePoll } from "./make-poll.ts";

const EVERY_MS = 2000;
const PAGE = 24;
const MOST = 96;

export function createLiveFeed() {
  const [feed, setFeed] = createStore<{ items: Stream[]; loaded: boolean; more: boolean; reachable: boolean }>({
    items: [],
    loaded: false,
    more: false,
    reachable: true,
  });
  const [limit, setLimit] = createSignal(PAGE);

  const poll = makePoll({
    ask: (etag, signal) =>
      conditional(client.api.streams.get({ query: { live: true, limit: limit() }, ...revalidate(etag, signal) })),
    everyMs: EVERY_MS,
    visibility: document,
    onAnswer: (answer) => {
      setFeed("reachable", answer.kind !== "failed");
      if (answer.kind !== "changed") return;
      setFeed("items", reconcile([...answer.value.items], { key: "id" }));
      setFeed("more", answer.value.nextCursor !== null && limit() < MOST);
      setFeed("loaded", true);
    },
  });
  onCleanup(poll.stop);

  return {
    feed,
    showMore: () => {
      setLimit((now) => Math.min(MOST, now + PAGE));
      poll.now();
    },
  };
}
