import { useLocation } from "@solidjs/router";
import type { FeedMessage } from "@streamhub/api/client";
import { For } from "solid-js";
import { words } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { useTopic } from "../live/events.ts";
import { watchPath } from "../paths.ts";
import { say } from "../ui/toasts.tsx";
import { followed } from "./follows.ts";

/** Unlisted channels have a topic each, and one connection has not many (docs/events.md). */
const UNLISTED = 20;
/** What a connection that was away hears later is no news any more. */
const NEWS_MS = 5 * 60_000;
const SHOWN_MS = 15_000;

/** Says on every page when a followed channel goes live, except on the page that shows it. */
export function LiveNotices() {
  const location = useLocation();
  const said = new Set<number>();

  async function hear(message: FeedMessage): Promise<void> {
    if (message.type !== "stream.started") return;
    const { channelId, streamId, slug, at } = message.data;
    if (!followed().has(channelId) || said.has(streamId) || Date.now() - Date.parse(at) > NEWS_MS) return;
    said.add(streamId);
    if (location.pathname === watchPath(slug)) return;
    const { data } = await client.api.channels({ id: channelId }).get();
    if (data !== null)
      say(words().home.appeared(data.title), { label: words().card.watch, href: watchPath(slug) }, SHOWN_MS);
  }

  const unlisted = () =>
    [...followed().values()].filter(({ visibility }) => visibility !== "public").slice(0, UNLISTED);
  useTopic(
    () => (followed().size > 0 ? "streams" : null),
    (message) => void hear(message),
  );
  return <For each={unlisted()}>{({ id }) => <Listening topic={`channel:${id}`} hear={hear} />}</For>;
}

function Listening(props: { topic: string; hear: (message: FeedMessage) => Promise<void> }) {
  useTopic(
    () => props.topic,
    (message) => void props.hear(message),
  );
  return null;
}
