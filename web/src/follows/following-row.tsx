import { createEffect, For, on, onCleanup, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { useTopic } from "../live/events.ts";
import { makeRereading } from "../live/make-rereading.ts";
import { outcomeOf } from "../session/problem.ts";
import { me } from "../session/session.ts";
import { ChannelRow } from "../ui/channel-row.tsx";
import { followed } from "./follows.ts";

const SHOWN = 12;

/** The channels that the reader follows, those that are live first. Nothing where there are none. */
export function FollowingRow() {
  const list = createAnswer(
    () => me()?.id ?? null,
    () => outcomeOf(client.api.follows.get({ query: { limit: SHOWN } })),
    { keep: true },
  );
  const rereading = makeRereading(() => void list.reload());
  onCleanup(rereading.stop);
  useTopic(
    () => "streams",
    (message) => {
      if (message.type === "reset") rereading.someday();
      else if (message.type.startsWith("stream.") && "data" in message && "channelId" in message.data)
        if (followed().has(message.data.channelId)) rereading.soon();
    },
  );
  createEffect(on(followed, () => void list.reload(), { defer: true }));
  const items = () => list.value()?.items ?? [];

  return (
    <Show when={items().length > 0}>
      <section class="home-section" aria-labelledby="following">
        <h2 id="following">{words().home.following}</h2>
        <ul class="channel-rows">
          <For each={items()}>
            {({ channel }) => (
              <li>
                <ChannelRow
                  channel={channel}
                  about={channel.isLive ? words().card.viewers(channel.viewersCount) : words().watch.offAir}
                />
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  );
}
