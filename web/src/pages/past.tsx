import "../styles/watch.css";
import { useParams, useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, Match, Show, Switch } from "solid-js";
import { ChatSide, createTalk, ShowChat } from "../chat/chat-side.tsx";
import { locale, words } from "../i18n/locale.ts";
import { formatRelative } from "../i18n/when.ts";
import { createNow } from "../live/create-now.ts";
import { createStreamFeed } from "../live/create-stream-feed.ts";
import { PATHS, streamPath, watchPath } from "../paths.ts";
import { createSources, type Watched } from "../player/create-sources.ts";
import { PlayerView } from "../player/player-view.tsx";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { recall, remember } from "../ui/memory.ts";
import { ShareButton } from "../ui/share-button.tsx";
import { useTitle } from "../ui/use-title.ts";

/** A broadcast that is over: plays its recording, or says that there is none. */
export function Past() {
  const params = useParams<{ id: string }>();
  const [query] = useSearchParams<{ t?: string }>();
  const { stream, presence, reachable } = createStreamFeed(() => Number(params.id));
  const now = createNow(30_000);
  const [theatre, setTheatre] = createSignal(recall("theatre") === "true");
  const talk = createTalk();
  let wallClock: () => number | null = () => null;
  const playhead = () => wallClock();
  let position: () => number | null = () => null;
  useTitle(() => (presence() === "missing" ? words().past.missing : (stream()?.title ?? "")));

  /** Another object for another recording only. */
  const watched = createMemo<Watched | null>(
    () => {
      const known = presence() === "recorded" ? stream() : null;
      if (known === null || known.playback === null) return null;
      const { id, channel, playback } = known;
      return { kind: "stream", id, isPrivate: channel.visibility === "private", playback };
    },
    null,
    { equals: (a, b) => a?.playback.hls === b?.playback.hls && a?.isPrivate === b?.isPrivate },
  );
  const sources = createSources(watched);
  const startAt = () => {
    const seconds = Number(query.t ?? Number.NaN);
    return seconds > 0 ? seconds : null;
  };
  const slug = () => stream()?.channel.slug ?? params.id;

  const hasTalk = () => talk.isOn() && (presence() === "recorded" || presence() === "loading");
  const talkAbout = createMemo(() => {
    const known = stream();
    if (known === null) return null;
    const { channelId, id, startedAt } = known;
    return { channelId, slug: slug(), streamId: id, startedAt, isPast: true, playhead };
  });

  return (
    <div class="watch" classList={{ "watch-theatre": theatre() && presence() === "recorded", "watch-talk": hasTalk() }}>
      <div class="stage">
        <Show
          when={sources()}
          fallback={
            <div class="off-air" role="status">
              <CarrierArt name={slug()} live={false} />
              <div class="off-air-words">
                <Switch>
                  <Match when={presence() === "loading"}>
                    <p class="visually-hidden">{words().watch.loading}</p>
                  </Match>
                  <Match when={presence() === "missing"}>
                    <h1>{words().past.missing}</h1>
                    <p>{words().past.missingMore}</p>
                    <a class="button button-stage" href={PATHS.home}>
                      {words().watch.others}
                    </a>
                  </Match>
                  <Match when={presence() === "live"}>
                    <p class="off-air-state">{words().past.live}</p>
                    <a class="button button-stage" href={watchPath(slug())}>
                      {words().past.toLive}
                    </a>
                  </Match>
                  <Match when={presence() === "planned"}>
                    <p class="off-air-state">{words().past.planned}</p>
                    <a class="button button-stage" href={watchPath(slug())}>
                      {words().past.channel}
                    </a>
                  </Match>
                  <Match when={presence() === "not-recorded"}>
                    <p class="off-air-state">{words().past.notRecorded}</p>
                    <p>{words().past.notRecordedMore}</p>
                    <a class="button button-stage" href={watchPath(slug())}>
                      {words().past.channel}
                    </a>
                  </Match>
                </Switch>
              </div>
            </div>
          }
        >
          <PlayerView
            title={stream()?.title ?? ""}
            artist={stream()?.channel.title ?? ""}
            artwork={stream()?.thumbnailUrl ?? stream()?.coverImageUrl ?? null}
            sources={sources()}
            isLive={false}
            streamId={stream()?.id ?? null}
            startedAt={stream()?.startedAt ?? null}
            startAt={startAt()}
            theatre={theatre()}
            onTheatre={(on) => {
              remember("theatre", on ? "true" : null);
              setTheatre(on);
            }}
            onPosition={(read) => {
              position = read;
            }}
            onWallClock={(read) => {
              wallClock = read;
            }}
            onEnded={() => {}}
          />
        </Show>
      </div>
      <Show when={hasTalk()}>
        <ChatSide talk={talk} about={talkAbout()} />
      </Show>
      <Show when={!reachable()}>
        <p class="offline-notice" role="status">
          {words().site.offline}
        </p>
      </Show>
      <Show when={stream()}>
        {(known) => (
          <div class="watch-words">
            <div class="watch-head">
              <div class="watch-title">
                <h1>{known().title}</h1>
                <p class="watch-facts">
                  <a href={watchPath(known().channel.slug)}>{known().channel.title}</a>
                  <Show when={known().startedAt}>
                    {(at) => <span>{formatRelative(locale(), Date.parse(at()), now())}</span>}
                  </Show>
                  <span>{words().card.views(known().viewCount)}</span>
                </p>
              </div>
              <div class="watch-ways">
                <Show when={presence() === "recorded"}>
                  <ShowChat talk={talk} />
                </Show>
                <Show when={known().channel.visibility !== "private"}>
                  <ShareButton
                    path={streamPath(known().id)}
                    title={known().title}
                    embed={null}
                    position={() => position()}
                  />
                </Show>
              </div>
            </div>
            <Show when={known().description}>{(text) => <p class="watch-about">{text()}</p>}</Show>
          </div>
        )}
      </Show>
    </div>
  );
}
