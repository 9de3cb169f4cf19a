import { createMemo, Match, Show, Switch, untrack } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { createChannelFeed } from "../live/create-channel-feed.ts";
import { createStreamFeed } from "../live/create-stream-feed.ts";
import { streamPath, watchPath } from "../paths.ts";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { hasMediaSource } from "./engine.ts";
import { PlayerView } from "./player-view.tsx";

/** A channel's player, or a recording's, that fills its frame. */
export function EmbeddedPlayer(props: { slug: string; streamId: number | null }) {
  if (hasMediaSource()) void import("./make-hls.ts").catch(() => {});
  return untrack(() => props.streamId) === null ? (
    <EmbeddedChannel slug={props.slug} />
  ) : (
    <EmbeddedRecording id={props.streamId ?? 0} slug={props.slug} />
  );
}

function EmbeddedChannel(props: { slug: string }) {
  const { channel, stream, presence, refresh } = createChannelFeed(() => props.slug);
  const live = () => presence() === "live";
  const title = () => (live() ? stream()?.title : undefined) ?? channel()?.title ?? "";
  const broadcast = createMemo<{ id: number | null } | null>((before) => {
    if (!live()) return null;
    const id = stream()?.id ?? null;
    if (before && (id === null || before.id === null || before.id === id)) {
      before.id ??= id;
      return before;
    }
    return { id };
  }, null);
  const sources = createMemo(() => (broadcast() === null ? null : untrack(() => channel()?.playback ?? null)));

  return (
    <main class="embed">
      <Show
        when={live()}
        fallback={
          <Off
            slug={props.slug}
            title={channel()?.title ?? ""}
            text={
              presence() === "loading" ? "" : presence() === "missing" ? playerWords().missing : playerWords().offAir
            }
            href={watchPath(props.slug)}
          />
        }
      >
        <Title text={title()} href={watchPath(props.slug)} />
        <PlayerView
          title={title()}
          artist={channel()?.title ?? ""}
          artwork={stream()?.thumbnailUrl ?? channel()?.thumbnailUrl ?? null}
          sources={sources()}
          isLive={true}
          streamId={stream()?.id ?? null}
          startedAt={stream()?.startedAt ?? null}
          onEnded={refresh}
        />
      </Show>
    </main>
  );
}

function EmbeddedRecording(props: { id: number; slug: string }) {
  const { stream, presence } = createStreamFeed(() => props.id);
  const sources = createMemo(() => (presence() === "recorded" ? (stream()?.playback ?? null) : null), null, {
    equals: (a, b) => a?.hls === b?.hls,
  });
  return (
    <main class="embed">
      <Switch>
        <Match when={sources()}>
          <Title text={stream()?.title ?? ""} href={streamPath(props.id)} />
          <PlayerView
            title={stream()?.title ?? ""}
            artist={stream()?.channel.title ?? ""}
            artwork={stream()?.thumbnailUrl ?? null}
            sources={sources()}
            isLive={false}
            streamId={props.id}
            startedAt={stream()?.startedAt ?? null}
            onEnded={() => {}}
          />
        </Match>
        <Match when={presence() !== "loading"}>
          <Off
            slug={props.slug}
            title={stream()?.title ?? ""}
            text={playerWords().offAir}
            href={streamPath(props.id)}
          />
        </Match>
      </Switch>
    </main>
  );
}

function Title(props: { text: string; href: string }) {
  return (
    <p class="embed-title">
      <a href={props.href} target="_blank" rel="noopener">
        {props.text}
      </a>
    </p>
  );
}

export function Off(props: { slug: string; title: string; text: string; href: string }) {
  return (
    <div class="embed-off" role="status">
      <CarrierArt name={props.slug} live={false} />
      <Show when={props.title !== ""}>
        <h1>{props.title}</h1>
      </Show>
      <Show when={props.text !== ""}>
        <p>{props.text}</p>
        <a class="button button-stage" href={props.href} target="_blank" rel="noopener">
          {playerWords().watchHere}
        </a>
      </Show>
    </div>
  );
}
