/** Says what is new to those who listen: now and then, and never more than the last message, or a lively chat would talk without end. */
import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";
import { chatWords } from "../i18n/chat-words.ts";
import { me } from "../session/session.ts";
import type { Entry } from "./make-log.ts";

const EVERY_MS = 6_000;

const newestOf = (all: readonly Entry[]) => all.reduce((most, { message }) => Math.max(most, message.id), 0);

export function createAnnouncer(visible: Accessor<readonly Entry[]>, loaded: Accessor<boolean>): Accessor<string> {
  const [said, setSaid] = createSignal("");
  let last: number | null = null;
  // What is there when the page opens is no news.
  createEffect(() => {
    if (loaded()) last ??= newestOf(visible());
  });
  const timer = setInterval(() => {
    const before = last;
    if (before === null) return;
    const all = visible();
    last = Math.max(newestOf(all), before);
    const news = all.filter(({ message }) => message.id > before && message.author.id !== me()?.id);
    const latest = news.at(-1)?.message;
    if (latest !== undefined) setSaid(chatWords().announced(news.length, latest.author.username, latest.text));
  }, EVERY_MS);
  onCleanup(() => clearInterval(timer));
  return said;
}
