import { A } from "@solidjs/router";
import { Show } from "solid-js";
import { onAirSince, words } from "../i18n/locale.ts";
import type { Stream } from "../live/client.ts";
import { watchPath } from "../paths.ts";
import { CarrierArt } from "./carrier-art.tsx";
import { ArrowIcon } from "./icons.tsx";
import { LiveLamp } from "./live-lamp.tsx";

export interface StreamCardProps {
  readonly stream: Stream;
  readonly now: number;
  /** The first of the page: larger, with the words beside the picture where there is room. */
  readonly lead: boolean;
}

/** One live broadcast. The whole card is one link, named by its title. */
export function StreamCard(props: StreamCardProps) {
  return (
    <article class="card" classList={{ "card-lead": props.lead }}>
      <A class="card-link" href={watchPath(props.stream.channel.slug)}>
        <div class="card-picture">
          <CarrierArt name={props.stream.channel.slug} live={true} />
          <Show when={props.stream.thumbnailUrl}>{(url) => <img src={url()} alt="" loading="lazy" />}</Show>
          <LiveLamp text={words().card.live} />
        </div>
        <div class="card-words">
          <h2>{props.stream.title}</h2>
          <p class="card-channel">
            <Show when={props.stream.channel.title !== props.stream.title}>
              <span>{props.stream.channel.title}</span>
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
      </A>
    </article>
  );
}
