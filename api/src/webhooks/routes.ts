import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import {
  DeliveryPage,
  DeliveryParams,
  DeliveryQuery,
  DeliverySchema,
  NewSecretSchema,
  WebhookBody,
  WebhookChangeBody,
  WebhookListSchema,
  WebhookParams,
  WebhookSchema,
} from "./model.ts";
import { webhookService } from "./service.ts";

const barred = { 401: ProblemSchema, 403: ProblemSchema };
const refused = { ...barred, 404: ProblemSchema, 422: ProblemSchema };

export function webhookRoutes(services: Services) {
  const webhooks = webhookService(services);
  return new Elysia({ name: "webhooks", prefix: "/api/webhooks", tags: ["Webhooks"] })
    .use(signedIn(services))
    .get("/", ({ actor }) => webhooks.list(actor), {
      response: { 200: WebhookListSchema, ...barred },
      detail: { summary: "Your webhooks, the newest first", operationId: "listWebhooks" },
    })
    .post(
      "/",
      async ({ actor, body, set }) => {
        const made = await webhooks.create(actor, body);
        set.status = 201;
        set.headers.location = `/api/webhooks/${made.id}`;
        return made;
      },
      {
        // No Idempotency-Key: its kept answer would be the secret itself, in plain text.
        body: WebhookBody,
        response: { 201: NewSecretSchema, 409: ProblemSchema, ...barred, 422: ProblemSchema },
        detail: { summary: "A webhook for your channels; its secret is shown this once", operationId: "createWebhook" },
      },
    )
    .get("/:id", ({ actor, params }) => webhooks.get(actor, params.id), {
      params: WebhookParams,
      response: { 200: WebhookSchema, ...refused },
      detail: { summary: "One of your webhooks", operationId: "getWebhook" },
    })
    .patch("/:id", ({ actor, params, body }) => webhooks.update(actor, params.id, body), {
      params: WebhookParams,
      body: WebhookChangeBody,
      response: { 200: WebhookSchema, ...refused },
      detail: { summary: "Change what is given of a webhook, leave the rest", operationId: "updateWebhook" },
    })
    .delete(
      "/:id",
      async ({ actor, params, set }) => {
        await webhooks.remove(actor, params.id);
        set.status = 204;
      },
      {
        params: WebhookParams,
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Delete a webhook with its messages", operationId: "deleteWebhook" },
      },
    )
    .post("/:id/rotate", ({ actor, params }) => webhooks.rotate(actor, params.id), {
      params: WebhookParams,
      response: { 200: NewSecretSchema, ...refused },
      detail: {
        summary: "A new secret, shown this once; the old one signs as well for 24 hours",
        operationId: "rotateWebhookSecret",
      },
    })
    .post(
      "/:id/test",
      async ({ actor, params, set }) => {
        set.status = 202;
        return webhooks.test(actor, params.id);
      },
      {
        params: WebhookParams,
        response: { 202: DeliverySchema, 409: ProblemSchema, ...refused },
        detail: { summary: "Send a message that tells of nothing", operationId: "testWebhook" },
      },
    )
    .get("/:id/deliveries", ({ actor, params, query }) => webhooks.deliveries(actor, params.id, query), {
      params: WebhookParams,
      query: DeliveryQuery,
      response: { 200: DeliveryPage, ...refused },
      detail: { summary: "Its messages of the last 30 days, the newest first", operationId: "listWebhookDeliveries" },
    })
    .post(
      "/:id/deliveries/:deliveryId/redeliver",
      async ({ actor, params, set }) => {
        set.status = 202;
        return webhooks.redeliver(actor, params.id, params.deliveryId);
      },
      {
        params: DeliveryParams,
        response: { 202: DeliverySchema, 409: ProblemSchema, ...refused },
        detail: {
          summary: "Send a message once more under its id, with all attempts",
          operationId: "redeliverWebhookMessage",
        },
      },
    );
}
