/** One channel and its broadcast of the moment, kept up to date. */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { type Channel, client, type Stream } from "./client.ts";
import { conditional, revalidate } from "./conditional.ts";
import { eventsConnected, useTopic } from "./events.ts";
import { isReachable, makePoll, type Poll } from "./make-poll.ts";
import { makeRereading } from "./make-rereading.ts";
import { nextPresence, type Presence } from "./presence.ts";

/** How often to ask: while events arrive only to be sure, without them as the only way to know. */
const EVERY_MS = { sure: 15_000, alone: 2_000 };

export function createChannelFeed(slug: Accessor<string>) {
  const [channel, setChannel] = createSignal<Channel | null>(null);
  const [stream, setStream] = createSignal<Stream | null>(null);
  const [presence, setPresence] = createSignal<Presence>("loading");
  const [viewers, setViewers] = createSignal(0);
  const [reachable, setReachable] = createSignal(true);
  let poll: Poll | undefined;

  createEffect(
    on(slug, (name) => {
      setPresence("loading");
      setChannel(null);
      setStream(null);
      const current = makePoll({
        everyMs: () => (eventsConnected() ? EVERY_MS.sure : EVERY_MS.alone),
        visibility: document,
        ask: (etag, signal) =>
          conditional(client.api.channels.get({ query: { slug: name }, ...revalidate(etag, signal) })),
        onAnswer: (answer) => {
          setReachable(isReachable(answer));
          if (answer.kind !== "changed") return;
          const found = answer.value.items[0];
          setChannel(found ?? null);
          setViewers(found?.viewersCount ?? 0);
          setPresence((before) => nextPresence(before, found));
          if (found?.isLive) void loadStream(found.id);
        },
      });
      poll = current;
      onCleanup(current.stop);
    }),
  );

  const rereading = makeRereading(() => {
    poll?.now();
    const known = channel();
    // A broadcast says more of itself than its channel does: its title may be another one now.
    if (known?.isLive) void loadStream(known.id);
  });
  onCleanup(rereading.stop);
  const topic = createMemo(() => {
    const id = channel()?.id;
    return id === undefined ? null : `channel:${id}`;
  });
  useTopic(topic, (message) => {
    if (message.type === "viewers") {
      for (const { channelId, viewers } of message.data) if (channelId === channel()?.id) setViewers(viewers);
    } else if (message.type === "reset") rereading.someday();
    else rereading.soon();
  });
  createEffect(on(eventsConnected, () => poll?.now(), { defer: true }));

  /** The title and the start belong to the broadcast, not to the channel. Playing does not wait for them. */
  async function loadStream(channelId: number): Promise<void> {
    const reply = await client.api.streams.get({ query: { channelId, live: true, limit: 1 } });
    if (channel()?.id === channelId && reply.data !== null) setStream(reply.data.items[0] ?? null);
  }

  return { channel, stream, presence, viewers, reachable, refresh: () => poll?.now() };
}
