import "../styles/forms.css";
import "../styles/studio.css";
import { A, type RouteSectionProps, useParams } from "@solidjs/router";
import { type JSX, Match, Show, Switch } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { studioWords } from "../i18n/studio-words.ts";
import type { Channel } from "../live/client.ts";
import {
  channelSettingsPath,
  channelStatisticsPath,
  channelStreamsPath,
  goLivePath,
  PATHS,
  studioPath,
  watchPath,
} from "../paths.ts";
import { MembersOnly, PageSkeleton } from "../session/members-only.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { useTitle } from "../ui/use-title.ts";
import { createOwnChannel, StudioContext } from "./own-channel.ts";

/** What the pages of a channel's studio have around them: its name, whether it is on air, and the way between them. */
export function StudioLayout(props: RouteSectionProps) {
  return <MembersOnly>{() => <Inner>{props.children}</Inner>}</MembersOnly>;
}

function Inner(props: { children: JSX.Element }) {
  const params = useParams<{ slug: string }>();
  const own = createOwnChannel(() => params.slug);
  const text = () => studioWords();
  const missing = () => own.channel.problem()?.code === "channel.not-found";
  useTitle(() => (missing() ? text().nav.missing : `${own.channel.value()?.title ?? ""}, ${text().title}`));

  return (
    <Switch fallback={<PageSkeleton />}>
      <Match when={missing()}>
        <section class="notice">
          <h1>{text().nav.missing}</h1>
          <p>{text().nav.missingMore}</p>
          <A class="button" href={PATHS.studio}>
            {text().nav.back}
          </A>
        </section>
      </Match>
      <Match when={own.channel.value()}>
        {(channel) => (
          <StudioContext.Provider value={{ ...own, current: channel }}>
            <div class="studio">
              <Head channel={channel()} live={own.live() !== null} />
              <Show when={!own.reachable()}>
                <p class="offline-notice" role="status">
                  {text().offline}
                </p>
              </Show>
              {props.children}
            </div>
          </StudioContext.Provider>
        )}
      </Match>
      <Match when={own.channel.problem()}>
        {(problem) => (
          <section class="notice" role="alert">
            <h1>{explain(problem())}</h1>
            <button type="button" class="button" onClick={() => void own.refresh()}>
              {text().again}
            </button>
          </section>
        )}
      </Match>
    </Switch>
  );
}

function Head(props: { channel: Channel; live: boolean }) {
  const text = () => studioWords();
  const slug = () => props.channel.slug;
  return (
    <header class="studio-head">
      <div class="studio-name">
        <p>
          <A href={PATHS.studio}>{text().title}</A>
        </p>
        <h1>{props.channel.title}</h1>
        <p class="studio-facts">
          <Show when={props.live} fallback={<span class="badge">{text().list.offAir}</span>}>
            <LiveLamp text={text().list.live} />
          </Show>
          <A href={watchPath(slug())}>{text().nav.watch}</A>
          <Show when={props.channel.visibility !== "public"}>
            <span class="badge">{text().visibility[props.channel.visibility]}</span>
          </Show>
        </p>
      </div>
      <Tabs label={text().nav.label(props.channel.title)}>
        <A href={studioPath(slug())} end={true}>
          {text().nav.live}
        </A>
        <A href={goLivePath(slug())}>{text().nav.goLive}</A>
        <A href={channelStreamsPath(slug())}>{text().nav.streams}</A>
        <A href={channelStatisticsPath(slug())}>{text().nav.statistics}</A>
        <A href={channelSettingsPath(slug())}>{text().nav.settings}</A>
      </Tabs>
    </header>
  );
}
