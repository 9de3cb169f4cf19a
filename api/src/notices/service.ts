/** How an account wants to be told of what it follows. */
import { queries } from "@streamhub/db";
import { type Actor, sessionOf } from "../auth/guard.ts";
import { AppError, type FieldError } from "../error.ts";
import { makeOutbound } from "../outbound/outbound.ts";
import { readPushKeys } from "../push/encrypt.ts";
import { makeVapid } from "../push/vapid.ts";
import type { Services } from "../services.ts";
import type { PushBody } from "./model.ts";
import { isOffProof } from "./off-proof.ts";

const refuse = (field: string, message: string) =>
  new AppError("request.invalid", undefined, [{ field, in: "body", message } satisfies FieldError]);

export function noticeService(services: Services) {
  const { db, outbound = makeOutbound() } = services;
  const vapid = makeVapid(services);

  return {
    async read(actor: Actor) {
      const [publicKey, isOn, endpoint] = await Promise.all([
        vapid.publicKey(),
        queries.isToldByMail(db, actor.userId),
        actor.sessionId === null ? null : queries.pushEndpointOf(db, actor.sessionId),
      ]);
      return { push: { publicKey, endpoint }, mail: { isOffered: services.site.sendsMail, isOn } };
    },

    /** For the session that asks, until it ends. */
    async subscribe(actor: Actor, { endpoint, keys, locale }: typeof PushBody.static): Promise<void> {
      const sessionId = sessionOf(actor);
      const refusal = outbound.refuses(endpoint);
      if (refusal !== null) throw refuse("/endpoint", refusal);
      if ((await readPushKeys(keys)) === null) throw refuse("/keys", "These are no keys of a browser.");
      await queries.savePushSubscription(db, { sessionId, userId: actor.userId, endpoint, ...keys, locale });
    },

    /** Throws `mail.off`. */
    async turnMailOn(actor: Actor, locale: queries.NoticeLocale): Promise<void> {
      if (!services.site.sendsMail) throw new AppError("mail.off");
      await queries.turnMailOn(db, actor.userId, locale);
    },

    turnMailOff: (actor: Actor): Promise<void> => queries.turnMailOff(db, actor.userId),

    /** By an address from a letter. Throws `auth.forbidden`. */
    async turnMailOffBy(userId: number, proof: string): Promise<void> {
      if (!isOffProof(services.secret, userId, proof)) throw new AppError("auth.forbidden");
      await queries.turnMailOff(db, userId);
    },

    unsubscribe: (actor: Actor): Promise<void> => queries.removePushSubscription(db, sessionOf(actor)),
  };
}
