import { A } from "@solidjs/router";
import { Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import type { Channel } from "../live/client.ts";
import { watchPath } from "../paths.ts";
import { LiveLamp } from "./live-lamp.tsx";
import { Thumbnail } from "./thumbnail.tsx";

/** A channel as one line of a list; `about`: what stands below its title. */
export function ChannelRow(props: { channel: Channel; about: string }) {
  return (
    <A class="channel-row" href={watchPath(props.channel.slug)}>
      <Thumbnail slug={props.channel.slug} url={props.channel.thumbnailUrl} live={props.channel.isLive} />
      <span class="channel-row-words">
        <strong>{props.channel.title}</strong>
        <span>{props.about}</span>
      </span>
      <Show when={props.channel.isLive}>
        <LiveLamp text={words().card.live} />
      </Show>
    </A>
  );
}
