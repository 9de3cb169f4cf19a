/** Which channels the reader follows: read once for all pages, and again when another account signs in. */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import { client } from "../live/client.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";

const ask = () => outcomeOf(client.api.follows.ids.get());
type Followed = Extract<Awaited<ReturnType<typeof ask>>, { ok: true }>["value"]["items"][number];

const [followed, setFollowed] = createRoot(() => {
  const [all, setAll] = createSignal<ReadonlyMap<number, Followed>>(new Map());
  createEffect(
    on(
      () => me()?.id ?? null,
      (account) => {
        setAll(new Map());
        if (account !== null) void load(account);
      },
    ),
  );
  return [all, setAll];
});

/** By the channel's id. Empty for a guest, and until it is known. */
export { followed };

async function load(account: number): Promise<void> {
  const outcome = await ask();
  if (outcome.ok && me()?.id === account) setFollowed(new Map(outcome.value.items.map((item) => [item.id, item])));
}

export const isFollowed = (channelId: number): boolean => followed().has(channelId);

/** Shows at once what is wanted, and takes it back where the server does not let it. */
export async function setFollow(channel: Followed, wanted: boolean): Promise<Problem | null> {
  const { id, visibility } = channel;
  const show = (on: boolean) =>
    setFollowed((before) => {
      const after = new Map(before);
      if (on) after.set(id, { id, visibility });
      else after.delete(id);
      return after;
    });
  show(wanted);
  const route = client.api.channels({ id }).follow;
  const outcome = await outcomeOf(wanted ? route.put() : route.delete());
  if (outcome.ok) return null;
  show(!wanted);
  return outcome.problem;
}
