import { model } from "@streamhub/db";
import { t } from "elysia";

const { locale } = t.Pick(model.pushSubscriptionRow, ["locale"]).properties;

export const NoticesSchema = t.Object({
  push: t.Object({
    publicKey: t.String({ description: "For PushManager.subscribe: base64url" }),
    endpoint: t.Union([t.String(), t.Null()], { description: "Where this session's browser is told; null: it is not" }),
  }),
  mail: t.Object({
    isOffered: t.Boolean({ description: "This site sends e-mail" }),
    isOn: t.Boolean({ description: "You are told by e-mail when a channel that you follow goes live" }),
  }),
});

export const MailBody = t.Object({ locale });
export const MailOffQuery = t.Object({
  user: t.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  proof: t.String({ minLength: 1, maxLength: 100, description: "From the letter" }),
});

/** As PushSubscription.toJSON has it, and the language of what is sent. */
export const PushBody = t.Object({
  endpoint: t.String({ minLength: 10, maxLength: 1_000, pattern: "^[!-~]+$" }),
  keys: t.Object({
    p256dh: t.String({ minLength: 80, maxLength: 100, pattern: "^[\\w-]+=*$" }),
    auth: t.String({ minLength: 20, maxLength: 30, pattern: "^[\\w-]+=*$" }),
  }),
  locale,
});
