/** Webhooks that a user keeps: of their own channels alone, whatever their role. */
import { queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { AppError, type FieldError } from "../error.ts";
import { toJson } from "../json.ts";
import { makeOutbound } from "../outbound/outbound.ts";
import { DEFAULT_LIMIT } from "../paging.ts";
import type { Services } from "../services.ts";
import type { DeliveryQuery, WebhookBody, WebhookChangeBody } from "./model.ts";
import { makeWebhookSecret } from "./sign.ts";

/** So long the old secret signs as well, for the receiver to change over. Hours. */
const OLD_SECRET_HOURS = 24;

const notFound = () => new AppError("webhook.not-found");

export function webhookService({ db, vault, outbound = makeOutbound() }: Services) {
  /** What can be told of an address without looking it up; the rest is looked at whenever a message is sent. */
  function check(url: string): void {
    const message = outbound.refuses(url);
    if (message === null) return;
    throw new AppError("request.invalid", undefined, [{ field: "/url", in: "body", message } satisfies FieldError]);
  }

  async function own(actor: Actor, id: number): Promise<queries.OwnWebhook> {
    const found = await queries.getWebhook(db, actor.userId, id);
    if (found === null) throw notFound();
    return found;
  }

  async function ownActive(actor: Actor, id: number): Promise<void> {
    if (!(await own(actor, id)).isActive) throw new AppError("webhook.inactive");
  }

  return {
    async list(actor: Actor) {
      return { items: (await queries.listWebhooks(db, actor.userId)).map(toJson) };
    },

    get: async (actor: Actor, id: number) => toJson(await own(actor, id)),

    async create(actor: Actor, { url, events }: typeof WebhookBody.static) {
      check(url);
      const secret = makeWebhookSecret();
      const row = { userId: actor.userId, url, events, secretSealed: vault.seal(secret) };
      const made = await queries.createWebhook(db, row);
      if (made === null) throw new AppError("webhook.limit", `At most ${queries.MAX_WEBHOOKS}.`);
      return { ...toJson(made), secret };
    },

    async update(actor: Actor, id: number, change: typeof WebhookChangeBody.static) {
      if (change.url !== undefined) check(change.url);
      const changed = await queries.updateWebhook(db, actor.userId, id, change);
      if (changed === null) throw notFound();
      return toJson(changed);
    },

    async rotate(actor: Actor, id: number) {
      const secret = makeWebhookSecret();
      const sealed = vault.seal(secret);
      const rotated = await queries.rotateWebhookSecret(db, actor.userId, id, sealed, OLD_SECRET_HOURS);
      if (rotated === null) throw notFound();
      return { ...toJson(rotated), secret };
    },

    async remove(actor: Actor, id: number): Promise<void> {
      if (!(await queries.deleteWebhook(db, actor.userId, id))) throw notFound();
    },

    async test(actor: Actor, id: number) {
      await ownActive(actor, id);
      const sent = await queries.sendTestMessage(db, id);
      if (sent === null) throw notFound();
      return toJson(sent);
    },

    async deliveries(actor: Actor, id: number, { limit = DEFAULT_LIMIT, cursor, state }: typeof DeliveryQuery.static) {
      await own(actor, id);
      return toJson(await queries.listDeliveries(db, id, { limit, cursor, state }));
    },

    async redeliver(actor: Actor, id: number, deliveryId: number) {
      await ownActive(actor, id);
      const again = await queries.redeliver(db, id, deliveryId);
      if (again === null) throw new AppError("webhook.delivery-not-found");
      return toJson(again);
    },
  };
}
