/** Addresses of one's own programs that are told what happens on one's channels. */
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";

const askWebhooks = () => outcomeOf(client.api.webhooks.get());
export type Webhook = Extract<Awaited<ReturnType<typeof askWebhooks>>, { ok: true }>["value"]["items"][number];
const askDeliveries = (id: number) => outcomeOf(client.api.webhooks({ id }).deliveries.get({ query: { limit: 10 } }));
export type Delivery = Extract<Awaited<ReturnType<typeof askDeliveries>>, { ok: true }>["value"]["items"][number];

/** In the order in which the form shows them. */
export const WEBHOOK_EVENTS = [
  "stream.started",
  "stream.ended",
  "stream.updated",
  "recording.ready",
  "recording.deleted",
] as const satisfies readonly Webhook["events"][number][];

export type Made = { readonly secret: string } | Problem;

export function createWebhooks() {
  const webhooks = createAnswer(() => me()?.sessionId ?? null, askWebhooks, { keep: true });
  const of = (id: number) => client.api.webhooks({ id });
  async function done(outcome: { ok: true } | { ok: false; problem: Problem }): Promise<Problem | null> {
    await webhooks.reload();
    return outcome.ok ? null : outcome.problem;
  }
  return {
    ...webhooks,
    async make(url: string, events: readonly Webhook["events"][number][]): Promise<Made> {
      const outcome = await outcomeOf(client.api.webhooks.post({ url, events: [...events] }));
      await webhooks.reload();
      return outcome.ok ? { secret: outcome.value.secret } : outcome.problem;
    },
    async rotate(id: number): Promise<Made> {
      const outcome = await outcomeOf(of(id).rotate.post());
      await webhooks.reload();
      return outcome.ok ? { secret: outcome.value.secret } : outcome.problem;
    },
    turn: async (id: number, isActive: boolean) => done(await outcomeOf(of(id).patch({ isActive }))),
    remove: async (id: number) => done(await outcomeOf(of(id).delete())),
    test: async (id: number) => done(await outcomeOf(of(id).test.post())),
  };
}

/** The newest ten messages of a webhook. */
export function createDeliveries(id: () => number) {
  const deliveries = createAnswer(id, askDeliveries, { keep: true });
  return {
    ...deliveries,
    async again(deliveryId: number): Promise<Problem | null> {
      const outcome = await outcomeOf(client.api.webhooks({ id: id() }).deliveries({ deliveryId }).redeliver.post());
      await deliveries.reload();
      return outcome.ok ? null : outcome.problem;
    },
  };
}
