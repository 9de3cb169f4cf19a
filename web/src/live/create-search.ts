/** What fits a text, found while it is typed: the newest question counts, whatever order the answers come in. */
import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import { type Channel, client, type Stream } from "./client.ts";

export interface Found {
  readonly text: string;
  readonly channels: readonly Channel[];
  readonly streams: readonly Stream[];
}

const MAX_LENGTH = 100;

export function createSearch(text: Accessor<string>, options: { readonly limit: number; readonly pauseMs: number }) {
  const [found, setFound] = createSignal<Found | null>(null);
  const [failed, setFailed] = createSignal(false);
  const [searching, setSearching] = createSignal(false);

  createEffect(
    on(text, (given) => {
      const q = given.trim().slice(0, MAX_LENGTH);
      setFailed(false);
      if (q === "") {
        setFound(null);
        setSearching(false);
        return;
      }
      setSearching(true);
      const over = new AbortController();
      const timer = setTimeout(() => void ask(q, over.signal), options.pauseMs);
      onCleanup(() => {
        clearTimeout(timer);
        over.abort();
      });
    }),
  );

  async function ask(q: string, signal: AbortSignal): Promise<void> {
    const query = { q, limit: options.limit };
    const [channels, streams] = await Promise.all([
      client.api.channels.get({ query, fetch: { signal } }).catch(() => null),
      client.api.streams.get({ query, fetch: { signal } }).catch(() => null),
    ]);
    if (signal.aborted) return;
    setSearching(false);
    const ok = channels?.data != null && streams?.data != null;
    setFailed(!ok);
    if (ok) setFound({ text: q, channels: channels.data.items, streams: streams.data.items });
  }

  return { found, failed, searching };
}
