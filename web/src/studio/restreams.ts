/** Other services that a channel's broadcasts are sent on to, as a page asks for them. */
import { client } from "../live/client.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";

const route = (channelId: number) => client.api.channels({ id: channelId }).restreams;
type Data<T> = T extends { ok: true; value: infer V } ? V : never;

export const readRestreams = (channelId: number) => outcomeOf(route(channelId).get());
export type Restream = Data<Awaited<ReturnType<typeof readRestreams>>>["items"][number];

const problemOf = async (asked: ReturnType<typeof outcomeOf>): Promise<Problem | null> => {
  const outcome = await asked;
  return outcome.ok ? null : outcome.problem;
};

/** `key` empty: it stands in the address. */
export const addRestream = (channelId: number, name: string, url: string, key: string) =>
  problemOf(outcomeOf(route(channelId).post({ name, url, ...(key === "" ? {} : { key }) })));
/** What is left out stays as it is; another `url` comes with its key, or has it in itself. */
export const changeRestream = (
  channelId: number,
  restreamId: number,
  change: { name?: string; url?: string; key?: string; isActive?: boolean },
) => problemOf(outcomeOf(route(channelId)({ restreamId }).patch(change)));
export const deleteRestream = (channelId: number, restreamId: number) =>
  problemOf(outcomeOf(route(channelId)({ restreamId }).delete()));
