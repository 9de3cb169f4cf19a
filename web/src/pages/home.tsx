import { createEffect, createSignal, For, on, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import { createLiveFeed } from "../live/create-live-feed.ts";
import { createNow } from "../live/create-now.ts";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { GoLiveGuide } from "../ui/go-live-guide.tsx";
import { StreamCard } from "../ui/stream-card.tsx";
import { useTitle } from "../ui/use-title.ts";

export function Home() {
  const { feed, showMore } = createLiveFeed();
  const now = createNow();
  const [announcement, setAnnouncement] = createSignal("");
  useTitle(() => words().home.title);

  // Only what starts while the page is open is announced: the first list is there to be read.
  createEffect(
    on(
      () => (feed.loaded ? feed.items.map((stream) => stream.id) : null),
      (ids, before) => {
        if (ids === null || before === undefined || before === null) return ids;
        const fresh = feed.items.find((stream) => !before.includes(stream.id));
        if (fresh !== undefined) setAnnouncement(words().home.appeared(fresh.channel.title));
        return ids;
      },
    ),
  );

  return (
    <div class="home">
      <p class="visually-hidden" role="status">
        {announcement()}
      </p>
      <Show when={!feed.reachable}>
        <p class="offline-notice" role="status">
          {words().site.offline}
        </p>
      </Show>
      <Show when={feed.loaded} fallback={<Skeleton />}>
        <Show when={feed.items.length > 0} fallback={<Quiet />}>
          <h1 class="home-heading">{words().home.heading(feed.items.length)}</h1>
          <ul class="cards" aria-label={words().home.list}>
            <For each={feed.items}>
              {(stream, index) => (
                <li classList={{ "cards-lead": index() === 0 }}>
                  <StreamCard stream={stream} now={now()} lead={index() === 0} />
                </li>
              )}
            </For>
          </ul>
          <Show when={feed.more}>
            <button type="button" class="button button-quiet" onClick={showMore}>
              {words().home.more}
            </button>
          </Show>
        </Show>
      </Show>
      <GoLiveGuide />
    </div>
  );
}

function Quiet() {
  return (
    <div class="vista">
      <CarrierArt name="still-water" live={false} />
      <div class="vista-words">
        <h1>{words().home.quiet}</h1>
        <p>{words().home.quietMore}</p>
      </div>
    </div>
  );
}

/** The shape of the page before the first answer, so that nothing jumps when it arrives. */
function Skeleton() {
  return (
    <>
      <h1 class="visually-hidden">{words().home.loading}</h1>
      <div class="skeleton" aria-hidden="true" />
    </>
  );
}
