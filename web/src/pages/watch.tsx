import "../styles/watch.css";
import "../styles/player.css";
import { A, useParams } from "@solidjs/router";
import { createMemo, Match, Show, Switch, untrack } from "solid-js";
import { onAirSince, words } from "../i18n/locale.ts";
import { createChannelFeed } from "../live/create-channel-feed.ts";
import { createNow } from "../live/create-now.ts";
import { PATHS } from "../paths.ts";
import { hasMediaSource } from "../player/engine.ts";
import { PlayerView } from "../player/player-view.tsx";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { useTitle } from "../ui/use-title.ts";

export function Watch() {
  // Fetched beside the first question to the API, not after its answer.
  if (hasMediaSource()) void import("../player/make-hls.ts").catch(() => {});
  const params = useParams<{ slug: string }>();
  const { channel, stream, presence, reachable, refresh } = createChannelFeed(() => params.slug);
  const now = createNow();
  const live = () => presence() === "live";
  const title = () => stream()?.title ?? channel()?.title ?? "";
  useTitle(() => (presence() === "missing" ? words().watch.missing : title()));

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
  const sources = createMemo(() => (broadcast() === null ? null : untrack(() => channel()?.playback ?? null)));

  return (
    <div class="watch">
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
                    <p>{words().watch.offAirMore}</p>
                  </Match>
                  <Match when={presence() === "ended"}>
                    <p class="off-air-state">{words().watch.ended}</p>
                    <p>{words().watch.endedMore}</p>
                  </Match>
                </Switch>
                <Show when={presence() !== "loading"}>
                  <A class="button button-stage" href={PATHS.home}>
                    {words().watch.others}
                  </A>
                </Show>
              </div>
            </div>
          }
        >
          <PlayerView title={title()} sources={sources()} onEnded={refresh} />
        </Show>
      </div>
      <Show when={channel()}>
        {(known) => (
          <div class="watch-words">
            <h1>{title()}</h1>
            <p class="watch-facts" hidden={!live()}>
              <LiveLamp text={words().card.live} />
              <Show when={known().title !== title()}>
                <span>{known().title}</span>
              </Show>
              <Show when={live() && stream()?.startedAt}>
                {(startedAt) => <span>{onAirSince(startedAt(), now())}</span>}
              </Show>
            </p>
            <Show when={stream()?.description ?? known().description}>
              {(text) => <p class="watch-about">{text()}</p>}
            </Show>
          </div>
        )}
      </Show>
      <Show when={!reachable()}>
        <p class="offline-notice" role="status">
          {words().site.offline}
        </p>
      </Show>
    </div>
  );
}
