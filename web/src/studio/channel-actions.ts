/** What an owner does to channels and their keys. */
import type { Accessor } from "solid-js";
import { type Channel, client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";

export type Visibility = Channel["visibility"];

export interface NewChannel {
  readonly title: string;
  /** Empty: made of the title. */
  readonly slug: string;
  readonly description: string;
  readonly visibility: Visibility;
}

export async function createChannel(
  { slug, ...channel }: NewChannel,
  key: string,
): Promise<{ channel: Channel } | { problem: Problem }> {
  const body = slug === "" ? channel : { ...channel, slug };
  const outcome = await outcomeOf(client.api.channels.post(body, { headers: { "idempotency-key": key } }));
  return outcome.ok ? { channel: outcome.value } : { problem: outcome.problem };
}

export type ChannelSettings = NonNullable<Channel["settings"]>;

export async function saveChannel(
  { id }: Channel,
  change: Partial<NewChannel> & { settings?: Partial<ChannelSettings> },
): Promise<{ channel: Channel } | { problem: Problem }> {
  const outcome = await outcomeOf(client.api.channels({ id }).put(change));
  return outcome.ok ? { channel: outcome.value } : { problem: outcome.problem };
}

export async function deleteChannel({ id }: Channel): Promise<Problem | null> {
  const outcome = await outcomeOf(client.api.channels({ id }).delete());
  return outcome.ok ? null : outcome.problem;
}

/** One's own, the newest first. */
export const createOwnChannels = () =>
  createAnswer(
    () => me()?.id ?? null,
    (id) => outcomeOf(client.api.users({ id }).channels.get({ query: { limit: 50 } })),
    { keep: true },
  );

/** The last 30 days of all one's channels. */
export const createOverview = () =>
  createAnswer(
    () => me()?.id ?? null,
    (id) => outcomeOf(client.api.statistics.user({ id }).overview.get({ query: {} })),
  );

/** Whether a public name is free, as far as one may know. Null: nobody has asked yet. */
export async function isFree(slug: string): Promise<boolean | null> {
  const outcome = await outcomeOf(client.api.channels.get({ query: { slug } }));
  return outcome.ok ? outcome.value.items.length === 0 : null;
}

export function createStreamKey(channelId: Accessor<number>) {
  const key = createAnswer(channelId, (id) => outcomeOf(client.api.channels({ id })["stream-key"].get()));
  return {
    ...key,
    /** The old one is worth nothing from now on. */
    async rotate(): Promise<Problem | null> {
      const outcome = await outcomeOf(client.api.channels({ id: channelId() })["regenerate-stream-key"].post());
      if (!outcome.ok) return outcome.problem;
      key.change(() => outcome.value);
      return null;
    },
  };
}

/** Where encoders connect: at the host that the page is from. */
export function createServers() {
  const site = createAnswer(
    () => true,
    () => outcomeOf(client.api.site.get()),
  );
  const address = (scheme: string, port: number) =>
    `${scheme}://${location.hostname}:${port}/${site.value()?.ingest.app ?? "live"}`;
  return {
    plain: () => address("rtmp", site.value()?.ingest.rtmpPort ?? 1935),
    secure: () => {
      const port = site.value()?.ingest.rtmpsPort ?? null;
      return port === null ? null : address("rtmps", port);
    },
  };
}
