/** Where something is played from: as the API says, or for what is private with a token that is kept fresh. */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { client } from "../live/client.ts";
import type { Sources } from "./engine.ts";
import { type Answer, makeTicket } from "./make-ticket.ts";

export interface Watched {
  readonly kind: "channel" | "stream";
  readonly id: number;
  readonly isPrivate: boolean;
  readonly playback: Sources;
}

/** One for each tab, and what is watched in it: a page that is loaded again is the same player. */
const keyOf = ({ kind, id }: Watched): string => `streamhub.player.${kind}.${id}`;

function recallSession(watched: Watched): string | undefined {
  try {
    return sessionStorage.getItem(keyOf(watched)) ?? undefined;
  } catch {
    return undefined;
  }
}

function rememberSession(watched: Watched, session: string): void {
  try {
    sessionStorage.setItem(keyOf(watched), session);
  } catch {
    // Then a page that is loaded again counts as another player for half a minute.
  }
}

async function issue({ kind, id }: Watched, session: string | undefined): Promise<Answer> {
  const body = session === undefined ? {} : { session };
  const { data, status } = await (kind === "channel"
    ? client.api.channels({ id })["playback-token"].post(body)
    : client.api.streams({ id })["playback-token"].post(body));
  if (data !== null) return data;
  return status === 401 || status === 403 || status === 404 || status === 422 ? "refused" : "away";
}

/** `watched`: another object means another broadcast. Null while there is no token yet. */
export function createSources(watched: Accessor<Watched | null>): Accessor<Sources | null> {
  const [ticketed, setTicketed] = createSignal<Sources | null>(null);
  createEffect(
    on(watched, (now) => {
      if (now === null || !now.isPrivate) return;
      const stop = makeTicket({
        issue: (session) => issue(now, session),
        session: recallSession(now),
        onSession: (session) => rememberSession(now, session),
        onReady: setTicketed,
      });
      onCleanup(() => {
        stop();
        setTicketed(null);
      });
    }),
  );
  return createMemo(() => {
    const now = watched();
    if (now === null) return null;
    return now.isPrivate ? ticketed() : now.playback;
  });
}
