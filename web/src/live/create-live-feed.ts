/** Who is live, as a store that keeps itself up to date: a card whose broadcast did not change is not drawn again. */
import { createEffect, createSignal, on, onCleanup } from "solid-js";
import { createStore, produce, reconcile } from "solid-js/store";
import { client, type Stream } from "./client.ts";
import { conditional, revalidate } from "./conditional.ts";
import { eventsConnected, useTopic } from "./events.ts";
import { SHOWN } from "./first-asked.ts";
import { isReachable, makePoll } from "./make-poll.ts";
import { makeRereading } from "./make-rereading.ts";

/** How often to ask: while events arrive only to be sure, without them as the only way to know. */
const EVERY_MS = { sure: 20_000, alone: 2_000 };
const PAGE: number = SHOWN.live;
const MOST = 96;

export function createLiveFeed() {
  const [feed, setFeed] = createStore<{
    items: Stream[];
    loaded: boolean;
    failed: boolean;
    more: boolean;
    reachable: boolean;
  }>({ items: [], loaded: false, failed: false, more: false, reachable: true });
  const [limit, setLimit] = createSignal(PAGE);

  const poll = makePoll({
    ask: (etag, signal) =>
      conditional(client.api.streams.get({ query: { live: true, limit: limit() }, ...revalidate(etag, signal) })),
    everyMs: () => (eventsConnected() ? EVERY_MS.sure : EVERY_MS.alone),
    visibility: document,
    onAnswer: (answer) => {
      setFeed("reachable", isReachable(answer));
      setFeed("failed", !feed.loaded && answer.kind === "failed");
      if (answer.kind !== "changed") return;
      setFeed("items", reconcile([...answer.value.items], { key: "id" }));
      setFeed("more", answer.value.nextCursor !== null && limit() < MOST);
      setFeed("loaded", true);
    },
  });
  const rereading = makeRereading(poll.now);
  onCleanup(() => {
    rereading.stop();
    poll.stop();
  });

  useTopic(
    () => "streams",
    (message) => {
      if (message.type === "reset") rereading.someday();
      else rereading.soon();
    },
  );
  useTopic(
    () => "viewers",
    (message) => {
      if (message.type !== "viewers") return;
      setFeed(
        "items",
        produce((items) => {
          for (const { streamId, viewers } of message.data) {
            const stream = items.find(({ id }) => id === streamId);
            if (stream !== undefined) stream.channel.viewersCount = viewers;
          }
        }),
      );
    },
  );
  // What happened between the last answer and the first event; and at once when events cease. A hidden page asks when it is seen again.
  createEffect(on(eventsConnected, () => (document.hidden ? undefined : poll.now()), { defer: true }));

  return {
    feed,
    retry: () => poll.now(),
    showMore: () => {
      setLimit((now) => Math.min(MOST, now + PAGE));
      poll.now();
    },
  };
}
