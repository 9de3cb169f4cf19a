import "../styles/watch.css";
import { useLocation, useParams } from "@solidjs/router";
import { createMemo, createSignal, For, Match, Show, Switch, untrack } from "solid-js";
import { ChatSide, createTalk, ShowChat } from "../chat/chat-side.tsx";
import { FollowButton } from "../follows/follow-button.tsx";
import { locale, onAirSince, words } from "../i18n/locale.ts";
import { formatMoment } from "../i18n/when.ts";
import { createChannelFeed } from "../live/create-channel-feed.ts";
import { createNow } from "../live/create-now.ts";
import { createStreamList } from "../live/create-stream-list.ts";
import { SHOWN } from "../live/first-asked.ts";
import { pictureOf } from "../live/picture.ts";
import { isRecorded } from "../live/recording.ts";
import { embedPath, feedPath, PATHS, streamPath, userPath, watchPath } from "../paths.ts";
import { createSources } from "../player/create-sources.ts";
import { hasMediaSource } from "../player/engine.ts";
import { PlayerView } from "../player/player-view.tsx";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { isFirstPage } from "../ui/first-page.ts";
import { Later } from "../ui/later.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { recall, remember } from "../ui/memory.ts";
import { ShareButton } from "../ui/share-button.tsx";
import { PastCard, PlannedRow } from "../ui/stream-card.tsx";
import { useTitle } from "../ui/use-title.ts";

/** A channel: what it shows now, what is to come, what was. */
export function Watch() {
  // Fetched beside the first question to the API, not after its answer; a channel that is not live has no need of it.
  if (hasMediaSource() && !isFirstPage(useLocation().pathname)) void import("../player/make-hls.ts").catch(() => {});
  const params = useParams<{ slug: string }>();
  const { channel, stream, presence, viewers, reachable, refresh } = createChannelFeed(() => params.slug);
  const now = createNow();
  const [theatre, setTheatre] = createSignal(recall("theatre") === "true");
  const talk = createTalk();
  let wallClock: () => number | null = () => null;
  const playhead = () => wallClock();
  const live = () => presence() === "live";
  const title = () => (live() ? (stream()?.title ?? channel()?.title) : channel()?.title) ?? "";
  useTitle(() => (presence() === "missing" ? words().watch.missing : title()));

  const channelId = createMemo(() => channel()?.id ?? null);
  const listed = (status: "planned" | "ended", limit: number) => () => {
    const id = channelId();
    return id === null ? null : { status, limit, channelId: id };
  };
  const planned = createStreamList(listed("planned", SHOWN.planned));
  const past = createStreamList(listed("ended", SHOWN.past));
  const recorded = () => past.items.filter(isRecorded);
  const next = () => planned.items.find(({ scheduledFor }) => scheduledFor !== null);

  // The player starts as soon as the channel is known to be live; the broadcast's id comes a moment later and must not start it again.
  const broadcast = createMemo<{ id: number | null } | null>((before) => {
    if (!live()) return null;
    const id = stream()?.id ?? null;
    if (before && (id === null || before.id === null || before.id === id)) {
      before.id ??= id;
      return before;
    }
    return { id };
  }, null);
  // The channel is another object after each poll; only another broadcast is a reason to load anew.
  const watched = createMemo(() => {
    const known = broadcast() === null ? null : untrack(channel);
    if (known === null) return null;
    const { id, visibility, playback } = known;
    return { kind: "channel" as const, id, isPrivate: visibility === "private", playback };
  });
  const sources = createSources(watched);

  /** The broadcast's as it was first known: a later picture comes from the media. */
  const poster = createMemo<string | null>((known) => {
    const shown = stream();
    if (known !== null || shown === null) return known;
    return shown.channel.visibility === "private" ? null : pictureOf(shown, Date.now());
  }, null);

  function chooseTheatre(on: boolean): void {
    remember("theatre", on ? "true" : null);
    setTheatre(on);
  }

  const hasTalk = () => talk.isOn() && presence() !== "missing";
  const talkAbout = createMemo(() => {
    const id = channelId();
    if (id === null) return null;
    const { slug } = params;
    return { channelId: id, slug, streamId: stream()?.id ?? null, startedAt: stream()?.startedAt ?? null, playhead };
  });

  return (
    <div class="watch" classList={{ "watch-theatre": theatre() && live(), "watch-talk": hasTalk() }}>
      <div class="stage">
        <Show
          when={live()}
          fallback={
            <div class="off-air" role="status">
              <CarrierArt name={params.slug} live={false} />
              <div class="off-air-words">
                <Switch>
                  <Match when={presence() === "loading"}>
                    <p class="visually-hidden">{words().watch.loading}</p>
                  </Match>
                  <Match when={presence() === "missing"}>
                    <h1>{words().watch.missing}</h1>
                    <p>{words().watch.missingMore}</p>
                  </Match>
                  <Match when={presence() === "off-air"}>
                    <p class="off-air-state">{words().watch.offAir}</p>
                    <Show when={next()} fallback={<p>{words().watch.offAirMore}</p>}>
                      {(stream) => (
                        <p>
                          {words().watch.next}: <strong>{stream().title}</strong>,{" "}
                          {formatMoment(locale(), Date.parse(stream().scheduledFor ?? ""))}
                        </p>
                      )}
                    </Show>
                  </Match>
                  <Match when={presence() === "ended"}>
                    <p class="off-air-state">{words().watch.ended}</p>
                    <p>{words().watch.endedMore}</p>
                  </Match>
                </Switch>
                <Show when={presence() !== "loading"}>
                  <div class="off-air-ways">
                    <Show when={recorded()[0]}>
                      {(last) => (
                        <a class="button button-stage" href={streamPath(last().id)}>
                          {words().watch.last}
                        </a>
                      )}
                    </Show>
                    <a
                      class={recorded().length > 0 ? "button button-outline" : "button button-stage"}
                      href={PATHS.home}
                    >
                      {words().watch.others}
                    </a>
                  </div>
                </Show>
              </div>
            </div>
          }
        >
          <PlayerView
            title={title()}
            artist={channel()?.title ?? ""}
            artwork={stream()?.thumbnailUrl ?? channel()?.thumbnailUrl ?? null}
            poster={poster()}
            sources={sources()}
            isLive={true}
            streamId={stream()?.id ?? null}
            startedAt={stream()?.startedAt ?? null}
            theatre={theatre()}
            onTheatre={chooseTheatre}
            onWallClock={(read) => {
              wallClock = read;
            }}
            onEnded={refresh}
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
      <Later>
        <Show when={channel()}>
          {(known) => (
            <div class="watch-words">
              <div class="watch-head">
                <div class="watch-title">
                  <h1>{title()}</h1>
                  <p class="watch-facts">
                    <Show when={live()}>
                      <LiveLamp text={words().card.live} />
                      <span>{words().card.viewers(viewers())}</span>
                      <Show when={stream()?.startedAt}>
                        {(startedAt) => <span>{onAirSince(startedAt(), now())}</span>}
                      </Show>
                    </Show>
                    <Show when={known().title !== title()}>
                      <span>{known().title}</span>
                    </Show>
                    <a href={userPath(known().owner.id)}>{known().owner.fullName ?? known().owner.username}</a>
                  </p>
                </div>
                <div class="watch-ways">
                  <FollowButton channel={known()} />
                  <ShowChat talk={talk} />
                  <Show when={known().visibility !== "private"}>
                    <ShareButton
                      path={watchPath(known().slug)}
                      title={known().title}
                      embed={embedPath(known().slug)}
                      position={() => null}
                    />
                  </Show>
                </div>
              </div>
              <Show when={live() && stream()?.description}>{(text) => <p class="watch-about">{text()}</p>}</Show>
              <Show when={planned.items.length > 0}>
                <section class="watch-section" aria-labelledby="schedule">
                  <h2 id="schedule">{words().watch.schedule}</h2>
                  <ul class="planned-list">
                    <For each={planned.items}>
                      {(stream) => (
                        <li>
                          <PlannedRow stream={stream} now={now()} own={true} />
                        </li>
                      )}
                    </For>
                  </ul>
                </section>
              </Show>
              <Show when={recorded().length > 0}>
                <section class="watch-section" aria-labelledby="recordings">
                  <h2 id="recordings">{words().watch.recordings}</h2>
                  <ul class="cards cards-small">
                    <For each={recorded()}>
                      {(stream) => (
                        <li>
                          <PastCard stream={stream} now={now()} own={true} />
                        </li>
                      )}
                    </For>
                  </ul>
                </section>
              </Show>
              <section class="watch-section" aria-labelledby="about">
                <h2 id="about">{words().watch.about}</h2>
                <p class="watch-about">{known().description ?? words().watch.noAbout}</p>
                <Show when={known().visibility !== "private"}>
                  <p>
                    <a href={feedPath(known().slug)} rel="external" type="application/atom+xml">
                      {words().watch.feed}
                    </a>
                  </p>
                </Show>
              </section>
            </div>
          )}
        </Show>
      </Later>
    </div>
  );
}
