/** What an owner does to channels and broadcasts. Each says null when it is done, else why not. */

import { putPicture } from "../account/settings.ts";
import { type Channel, client, type Stream } from "../live/client.ts";
import { type Outcome, outcomeOf, type Problem } from "../session/problem.ts";
import { removeLater } from "./remove-later.ts";

const refusal = (outcome: Outcome<unknown>): Problem | null => (outcome.ok ? null : outcome.problem);
const of = (stream: { readonly id: number }) => client.api.streams({ id: stream.id });

export interface StreamTexts {
  readonly title?: string;
  readonly description?: string | null;
  readonly scheduledFor?: string | null;
}

export const editStream = async (stream: Stream, texts: StreamTexts): Promise<Problem | null> =>
  refusal(await outcomeOf(of(stream).put(texts)));

export const startStream = async (stream: Stream): Promise<Problem | null> =>
  refusal(await outcomeOf(of(stream).start.post()));

export const stopStream = async (stream: Stream): Promise<Problem | null> =>
  refusal(await outcomeOf(of(stream).stop.post()));

export const planStream = async (
  channel: Channel,
  plan: { title: string; description: string | null; scheduledFor: string | null },
  key: string,
): Promise<Problem | null> =>
  refusal(await outcomeOf(client.api.streams({ id: channel.id }).post(plan, { headers: { "idempotency-key": key } })));

/** Gone after some seconds, unless it is taken back. */
export const deleteStreamLater = (stream: Stream, said: { text: string; undo: string }, settled: () => void) =>
  removeLater(`/api/streams/${stream.id}`, said, settled);

export async function saveCover(stream: Stream, picture: Blob): Promise<Problem | null> {
  const result = await putPicture(`/api/streams/${stream.id}/cover`, picture);
  return "problem" in result ? result.problem : null;
}

export const removeCover = async (stream: Stream): Promise<Problem | null> =>
  refusal(await outcomeOf(of(stream).cover.delete()));

export async function saveThumbnail(channel: Channel, picture: Blob): Promise<Problem | null> {
  const result = await putPicture(`/api/channels/${channel.id}/thumbnail`, picture);
  return "problem" in result ? result.problem : null;
}

export const removeThumbnail = async (channel: Channel): Promise<Problem | null> =>
  refusal(await outcomeOf(client.api.channels({ id: channel.id }).thumbnail.delete()));
