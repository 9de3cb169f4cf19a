import { Show } from "solid-js";
import { locale, onAirSince, words } from "../i18n/locale.ts";
import { formatClock, formatMoment, formatRelative } from "../i18n/when.ts";
import type { Stream } from "../live/client.ts";
import { pictureOf } from "../live/picture.ts";
import { streamPath, watchPath } from "../paths.ts";
import { ArrowIcon } from "./icons.tsx";
import { LiveLamp } from "./live-lamp.tsx";
import { Thumbnail } from "./thumbnail.tsx";

export interface StreamCardProps {
  readonly stream: Stream;
  readonly now: number;
  /** The first of the page: larger, with the words beside the picture where there is room. */
  readonly lead: boolean;
}

/** One live broadcast. The whole card is one link, named by its title. */
export function StreamCard(props: StreamCardProps) {
  const viewers = () => props.stream.channel.viewersCount;
  return (
    <article class="card" classList={{ "card-lead": props.lead }}>
      <a class="card-link" href={watchPath(props.stream.channel.slug)}>
        <div class="card-picture">
          <Thumbnail
            slug={props.stream.channel.slug}
            url={pictureOf(props.stream, props.now)}
            live={true}
            now={props.now}
            eager={props.lead}
          />
          <LiveLamp text={words().card.live} />
        </div>
        <div class="card-words">
          <h2>{props.stream.title}</h2>
          <p class="card-channel">
            <Show when={props.stream.channel.title !== props.stream.title}>
              <span>{props.stream.channel.title}</span>
            </Show>
            <Show when={viewers() > 0}>
              <span>{words().card.viewers(viewers())}</span>
            </Show>
            <span>{onAirSince(props.stream.startedAt, props.now)}</span>
          </p>
          <Show when={props.lead}>
            <Show when={props.stream.description}>{(text) => <p class="card-about">{text()}</p>}</Show>
            <span class="button" aria-hidden="true">
              {words().card.watch}
              <ArrowIcon />
            </span>
          </Show>
        </div>
      </a>
    </article>
  );
}

/** A broadcast that is over and can be watched. */
export function PastCard(props: { stream: Stream; now: number; own?: boolean }) {
  return (
    <article class="card">
      <a class="card-link" href={streamPath(props.stream.id)}>
        <div class="card-picture">
          <Thumbnail
            slug={props.stream.channel.slug}
            url={props.stream.thumbnailUrl ?? props.stream.coverImageUrl}
            live={false}
          />
          <span class="card-length">{formatClock(props.stream.duration ?? 0)}</span>
        </div>
        <div class="card-words">
          <h3>{props.stream.title}</h3>
          <p class="card-channel">
            <Show when={props.own !== true && props.stream.channel.title !== props.stream.title}>
              <span>{props.stream.channel.title}</span>
            </Show>
            <Show when={props.stream.startedAt}>
              {(at) => <span>{formatRelative(locale(), Date.parse(at()), props.now)}</span>}
            </Show>
            <Show when={props.stream.viewCount > 0}>
              <span>{words().card.views(props.stream.viewCount)}</span>
            </Show>
          </p>
        </div>
      </a>
    </article>
  );
}

/** A broadcast that is to come: when, what, where. */
export function PlannedRow(props: { stream: Stream; now: number; own?: boolean }) {
  const at = () => (props.stream.scheduledFor === null ? null : Date.parse(props.stream.scheduledFor));
  return (
    <article class="planned">
      <p class="planned-when">
        <Show when={at()} fallback={words().home.planned}>
          {(moment) => (
            <>
              <time dateTime={props.stream.scheduledFor ?? ""}>{formatMoment(locale(), moment())}</time>
              <span>{formatRelative(locale(), Math.max(moment(), props.now), props.now)}</span>
            </>
          )}
        </Show>
      </p>
      <div class="planned-words">
        <h3>
          <Show when={props.own !== true} fallback={props.stream.title}>
            <a href={watchPath(props.stream.channel.slug)}>{props.stream.title}</a>
          </Show>
        </h3>
        <Show when={props.own !== true && props.stream.channel.title !== props.stream.title}>
          <p>{props.stream.channel.title}</p>
        </Show>
        <Show when={props.own === true && props.stream.description}>{(text) => <p>{text()}</p>}</Show>
      </div>
    </article>
  );
}
