import "../styles/forms.css";
import "../styles/studio.css";
import { A } from "@solidjs/router";
import { For, Show } from "solid-js";
import { formatNumber } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { PATHS, studioPath } from "../paths.ts";
import { MembersOnly, PageSkeleton } from "../session/members-only.tsx";
import { createOverview, createOwnChannels } from "../studio/channel-actions.ts";
import { Figures } from "../studio/figures.tsx";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { useTitle } from "../ui/use-title.ts";

export function StudioHome() {
  useTitle(() => studioWords().title);
  return <MembersOnly>{() => <Channels />}</MembersOnly>;
}

function Channels() {
  const channels = createOwnChannels();
  const overview = createOverview();
  const text = () => studioWords();
  return (
    <Show when={channels.value()} fallback={<PageSkeleton />}>
      {(page) => (
        <div class="studio">
          <header class="studio-home-head">
            <div>
              <h1>{text().title}</h1>
              <p class="field-hint">{text().list.lead}</p>
            </div>
            <Show when={page().items.length > 0}>
              <A class="button" href={PATHS.newChannel}>
                {text().list.create}
              </A>
            </Show>
          </header>
          <Show when={page().items.length > 0} fallback={<NoChannel />}>
            <ul class="channel-grid">
              <For each={page().items}>
                {(channel) => (
                  <li>
                    <A class="channel-tile" href={studioPath(channel.slug)}>
                      <span class="channel-tile-picture">
                        <CarrierArt name={channel.slug} live={channel.isLive} />
                        <Show when={channel.thumbnailUrl}>{(url) => <img src={url()} alt="" loading="lazy" />}</Show>
                        <Show when={channel.isLive}>
                          <LiveLamp text={text().list.live} />
                        </Show>
                      </span>
                      <strong>{channel.title}</strong>
                      <span class="field-hint">
                        {channel.isLive ? text().live.viewers(channel.viewersCount) : text().list.offAir},{" "}
                        {text().visibility[channel.visibility].toLowerCase()}
                      </span>
                    </A>
                  </li>
                )}
              </For>
            </ul>
          </Show>
          <Show when={page().items.length > 0 && overview.value()}>
            {(sums) => (
              <section class="studio-section" aria-labelledby="overview-heading">
                <h2 id="overview-heading">{text().list.month}</h2>
                <Figures
                  figures={[
                    { label: text().statistics.views, value: formatNumber(sums().totalViews) },
                    { label: text().statistics.unique, value: formatNumber(sums().uniqueViewers) },
                    { label: text().statistics.watchTime, value: formatElapsed(locale(), sums().watchTime) },
                    { label: text().statistics.liveTime, value: formatElapsed(locale(), sums().liveTime) },
                  ]}
                />
              </section>
            )}
          </Show>
        </div>
      )}
    </Show>
  );
}

function NoChannel() {
  const text = () => studioWords();
  return (
    <section class="vista">
      <CarrierArt name="first-light" live={false} />
      <div class="vista-words">
        <h2>{text().list.none}</h2>
        <p>{text().list.noneMore}</p>
        <A class="button" href={PATHS.newChannel}>
          {text().list.create}
        </A>
      </div>
    </section>
  );
}
