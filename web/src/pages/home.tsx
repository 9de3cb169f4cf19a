import { createEffect, createSignal, For, lazy, on, Show, Suspense } from "solid-js";
import { words } from "../i18n/locale.ts";
import { createLiveFeed } from "../live/create-live-feed.ts";
import { createNow } from "../live/create-now.ts";
import { createStreamList } from "../live/create-stream-list.ts";
import { SHOWN } from "../live/first-asked.ts";
import { isRecorded } from "../live/recording.ts";
import { me } from "../session/session.ts";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { GoLiveGuide } from "../ui/go-live-guide.tsx";
import { Later } from "../ui/later.tsx";
import { PastCard, PlannedRow, StreamCard } from "../ui/stream-card.tsx";
import { useTitle } from "../ui/use-title.ts";

/** Only for who is signed in. */
const FollowingRow = lazy(async () => ({ default: (await import("../follows/following-row.tsx")).FollowingRow }));

export function Home() {
  const { feed, showMore, retry } = createLiveFeed();
  // What is live comes first, to the eye and on the wire.
  const planned = createStreamList(() => (feed.loaded ? { status: "planned", limit: SHOWN.planned } : null));
  const past = createStreamList(() => (feed.loaded ? { status: "ended", limit: SHOWN.past } : null));
  const upcoming = () => planned.items.filter(({ scheduledFor }) => scheduledFor !== null);
  const recorded = () => past.items.filter(isRecorded);
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
      <Show when={feed.loaded && !feed.reachable}>
        <p class="offline-notice" role="status">
          {words().site.offline}
        </p>
      </Show>
      <Show when={feed.loaded} fallback={feed.failed ? <Failed onRetry={retry} /> : <Skeleton />}>
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
      <Show when={me() && feed.loaded}>
        <Suspense>
          <FollowingRow />
        </Suspense>
      </Show>
      <Show when={upcoming().length > 0}>
        <section class="home-section" aria-labelledby="upcoming">
          <h2 id="upcoming">{words().home.upcoming}</h2>
          <ul class="planned-list">
            <For each={upcoming()}>
              {(stream) => (
                <li>
                  <PlannedRow stream={stream} now={now()} />
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
      <Show when={recorded().length > 0}>
        <section class="home-section" aria-labelledby="recent">
          <h2 id="recent">{words().home.recent}</h2>
          <ul class="cards cards-small">
            <For each={recorded()}>
              {(stream) => (
                <li>
                  <PastCard stream={stream} now={now()} />
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
      <Show when={feed.loaded || feed.failed}>
        <Later>
          <GoLiveGuide />
        </Later>
      </Show>
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

function Failed(props: { onRetry: () => void }) {
  return (
    <div class="notice" role="alert">
      <h1>{words().home.failed}</h1>
      <p>{words().site.offline}</p>
      <button type="button" class="button" onClick={props.onRetry}>
        {words().failure.retry}
      </button>
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
