/** A channel of one's own, with the broadcast that is on air and the one that waits for the encoder; kept up to date by events. */
import { type Accessor, createContext, createMemo, createSignal, onCleanup, useContext } from "solid-js";
import { type Channel, client, type Stream } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { eventsConnected, useTopic } from "../live/events.ts";
import { type Outcome, outcomeOf } from "../session/problem.ts";
import { me } from "../session/session.ts";

const NOT_MINE = { code: "channel.not-found", detail: null, fields: [], retryAfter: null };
/** To be sure while events arrive; without them the only way to know. */
const EVERY_MS = { sure: 30_000, alone: 2_500 };

export type OwnChannel = ReturnType<typeof createOwnChannel>;

async function askChannel(slug: string): Promise<Outcome<Channel>> {
  const outcome = await outcomeOf(client.api.channels.get({ query: { slug } }));
  if (!outcome.ok) return outcome;
  const found = outcome.value.items[0];
  const mine = found !== undefined && (found.owner.id === me()?.id || me()?.permissions.administer === true);
  return mine ? { ok: true, value: found } : { ok: false, problem: NOT_MINE };
}

interface OnAir {
  readonly live: Stream | null;
  readonly armed: Stream | null;
}

async function askOnAir(channelId: number): Promise<Outcome<OnAir>> {
  const ask = (status: "live" | "planned", limit: number) =>
    outcomeOf(client.api.streams.get({ query: { channelId, status, limit } }));
  const [live, planned] = await Promise.all([ask("live", 1), ask("planned", 50)]);
  if (!live.ok) return live;
  if (!planned.ok) return planned;
  const armed = planned.value.items.find(({ state }) => state === "armed") ?? null;
  return { ok: true, value: { live: live.value.items[0] ?? null, armed } };
}

export function createOwnChannel(slug: Accessor<string>) {
  const channel = createAnswer(slug, askChannel, { keep: true });
  const id = createMemo(() => channel.value()?.id ?? null);
  const onAir = createAnswer(id, askOnAir, { keep: true });
  const [viewers, setViewers] = createSignal<number | null>(null);

  const refresh = () => Promise.all([channel.reload(), onAir.reload()]);

  useTopic(
    () => (id() === null ? null : `channel:${id()}`),
    (message) => {
      if (message.type === "viewers") {
        const mine = message.data.find(({ channelId }) => channelId === id());
        if (mine !== undefined) setViewers(mine.viewers);
      } else void refresh();
    },
  );

  let timer: ReturnType<typeof setTimeout>;
  const again = () => {
    timer = setTimeout(
      async () => {
        if (!document.hidden) await refresh();
        again();
      },
      eventsConnected() ? EVERY_MS.sure : EVERY_MS.alone,
    );
  };
  again();
  const onVisible = () => {
    if (!document.hidden) void refresh();
  };
  document.addEventListener("visibilitychange", onVisible);
  onCleanup(() => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  });

  return {
    channel,
    /** Of the moment: null when off air. */
    live: () => onAir.value()?.live ?? null,
    armed: () => onAir.value()?.armed ?? null,
    /** Whether it is known yet if the channel is on air. */
    known: () => onAir.value() !== null,
    viewers: () => viewers() ?? channel.value()?.viewersCount ?? 0,
    reachable: () => channel.problem()?.code !== "offline",
    refresh,
  };
}

/** What all pages of one channel's studio share. */
export interface Studio extends OwnChannel {
  /** Only asked for once the channel is there. */
  readonly current: Accessor<Channel>;
}

export const StudioContext = createContext<Studio>();

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (studio === undefined) throw new Error("A page of the studio stands outside of it");
  return studio;
}
