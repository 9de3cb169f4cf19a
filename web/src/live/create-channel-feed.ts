/** One channel and its broadcast of the moment, kept up to date. */
import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import { type Channel, client, type Stream } from "./client.ts";
import { conditional, revalidate } from "./conditional.ts";
import { makePoll, type Poll } from "./make-poll.ts";
import { nextPresence, type Presence } from "./presence.ts";

const EVERY_MS = 2000;

export function createChannelFeed(slug: Accessor<string>) {
  const [channel, setChannel] = createSignal<Channel | null>(null);
  const [stream, setStream] = createSignal<Stream | null>(null);
  const [presence, setPresence] = createSignal<Presence>("loading");
  const [reachable, setReachable] = createSignal(true);
  let poll: Poll | undefined;

  createEffect(
    on(slug, (name) => {
      setPresence("loading");
      setChannel(null);
      setStream(null);
      const current = makePoll({
        everyMs: EVERY_MS,
        visibility: document,
        ask: (etag, signal) =>
          conditional(client.api.channels.get({ query: { slug: name }, ...revalidate(etag, signal) })),
        onAnswer: (answer) => {
          setReachable(answer.kind !== "failed");
          if (answer.kind !== "changed") return;
          const found = answer.value.items[0];
          setChannel(found ?? null);
          setPresence((before) => nextPresence(before, found));
          if (found?.isLive) void loadStream(found.id);
        },
      });
      poll = current;
      onCleanup(current.stop);
    }),
  );

  /** The title and the start belong to the broadcast, not to the channel. Playing does not wait for them. */
  async function loadStream(channelId: number): Promise<void> {
    const reply = await client.api.streams.get({ query: { channelId, live: true, limit: 1 } });
    if (channel()?.id === channelId) setStream(reply.data?.items[0] ?? null);
  }

  return { channel, stream, presence, reachable, refresh: () => poll?.now() };
}
