import { useSearchParams } from "@solidjs/router";
import { For, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { createNow } from "../live/create-now.ts";
import { createSearch } from "../live/create-search.ts";
import { ChannelRow } from "../ui/channel-row.tsx";
import { PastCard, StreamCard } from "../ui/stream-card.tsx";
import { useTitle } from "../ui/use-title.ts";

const LIMIT = 24;

/** All that fits what was looked for. */
export function Search() {
  const [params] = useSearchParams<{ q?: string }>();
  const text = () => (params.q ?? "").trim();
  const { found, failed, searching } = createSearch(text, { limit: LIMIT, pauseMs: 0 });
  const now = createNow();
  const count = () => (found()?.channels.length ?? 0) + (found()?.streams.length ?? 0);
  useTitle(() => (text() === "" ? words().search.title : words().search.heading(text())));

  return (
    <div class="home">
      <h1 class="search-heading">{text() === "" ? words().search.title : words().search.heading(text())}</h1>
      <p class="search-count" role="status" aria-busy={searching()}>
        <Show when={text() !== ""} fallback={words().search.hint}>
          <Show when={!failed()} fallback={words().search.failed}>
            <Show when={found()}>
              {count() === 0 ? words().search.none(found()?.text ?? "") : words().search.found(count())}
            </Show>
          </Show>
        </Show>
      </p>
      <Show when={searching() && found() === null}>
        <div class="skeleton skeleton-row" aria-hidden="true" />
      </Show>
      <Show when={found()?.channels.length}>
        <section class="home-section" aria-labelledby="found-channels">
          <h2 id="found-channels">{words().search.channels}</h2>
          <ul class="channel-rows">
            <For each={found()?.channels}>
              {(channel) => (
                <li>
                  <ChannelRow channel={channel} about={channel.owner.fullName ?? channel.owner.username} />
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
      <Show when={found()?.streams.length}>
        <section class="home-section" aria-labelledby="found-streams">
          <h2 id="found-streams">{words().search.streams}</h2>
          <ul class="cards cards-small">
            <For each={found()?.streams}>
              {(stream) => (
                <li>
                  <Show when={stream.isLive} fallback={<PastCard stream={stream} now={now()} />}>
                    <StreamCard stream={stream} now={now()} lead={false} />
                  </Show>
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
    </div>
  );
}
