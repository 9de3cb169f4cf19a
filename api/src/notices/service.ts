/** How an account wants to be told of what it follows. */
import { queries } from "@streamhub/db";
import { type Actor, sessionOf } from "../auth/guard.ts";
import { AppError, type FieldError } from "../error.ts";
import { makeOutbound } from "../outbound/outbound.ts";
import { readPushKeys } from "../push/encrypt.ts";
import { makeVapid } from "../push/vapid.ts";
import type { Services } from "../services.ts";
import type { PushBody } from "./model.ts";

const refuse = (field: string, message: string) =>
  new AppError("request.invalid", undefined, [{ field, in: "body", message } satisfies FieldError]);

export function noticeService(services: Services) {
  const { db, outbound = makeOutbound() } = services;
  const vapid = makeVapid(services);

  return {
    async read(actor: Actor) {
      const [publicKey, endpoint] = await Promise.all([
        vapid.publicKey(),
        actor.sessionId === null ? null : queries.pushEndpointOf(db, actor.sessionId),
      ]);
      return { push: { publicKey, endpoint } };
    },

    /** For the session that asks, until it ends. */
    async subscribe(actor: Actor, { endpoint, keys, locale }: typeof PushBody.static): Promise<void> {
      const sessionId = sessionOf(actor);
      const refusal = outbound.refuses(endpoint);
      if (refusal !== null) throw refuse("/endpoint", refusal);
      if ((await readPushKeys(keys)) === null) throw refuse("/keys", "These are no keys of a browser.");
      await queries.savePushSubscription(db, { sessionId, userId: actor.userId, endpoint, ...keys, locale });
    },

    unsubscribe: (actor: Actor): Promise<void> => queries.removePushSubscription(db, sessionOf(actor)),
  };
}
