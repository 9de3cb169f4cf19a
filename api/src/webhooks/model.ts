import { model, queries } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";

const Columns = t.Pick(model.webhookRow, [
  "isActive",
  "disabledFor",
  "failingSince",
  "oldSecretUntil",
  "createdAt",
  "updatedAt",
]);
const DeliveryColumns = t.Pick(model.webhookDeliveryRow, [
  "messageId",
  "type",
  "body",
  "state",
  "attempts",
  "nextAt",
  "lastStatus",
  "lastFault",
  "attemptedAt",
  "createdAt",
]);

const { items: Event } = t.Pick(model.webhookRow, ["events"]).properties.events;
const { state } = t.Pick(model.webhookDeliveryRow, ["state"]).properties;

/** As its owner sees it; the secret itself is told when it is made. */
export const WebhookSchema = t.Object({
  id: IdSchema,
  url: t.String(),
  events: t.Array(Event),
  ...jsonSchema(Columns).properties,
});
export const WebhookListSchema = t.Object({ items: t.Array(WebhookSchema) });
export const NewSecretSchema = t.Object({
  ...WebhookSchema.properties,
  secret: t.String({ description: "Shown this once: what messages are signed with" }),
});

const fields = {
  url: t.String({ minLength: 10, maxLength: 1_000, pattern: "^[!-~]+$", description: "https, on the public Internet" }),
  events: t.Array(Event, { minItems: 1, maxItems: queries.WEBHOOK_EVENTS.length, uniqueItems: true }),
};
export const WebhookBody = t.Object(fields);
export const WebhookChangeBody = t.Partial(
  t.Object({
    ...fields,
    isActive: t.Boolean({ description: "True also undoes that the platform made it inactive" }),
  }),
);
export const WebhookParams = t.Object({ id: IdParam });

export const DeliverySchema = t.Object({
  id: IdSchema,
  ...jsonSchema(DeliveryColumns).properties,
});
export const DeliveryPage = PageSchema(DeliverySchema);
export const DeliveryQuery = t.Object({
  state: t.Optional(state),
  ...pageQuery,
});
export const DeliveryParams = t.Object({ id: IdParam, deliveryId: IdParam });
