/** Webhooks as their owner manages them. No sealed secret is among their columns. */
import { and, count, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { WebhookDeliveryRow } from "../model.ts";
import { users } from "../schema/users.ts";
import { webhookDeliveries, webhooks } from "../schema/webhooks.ts";
import { isId } from "./channels.ts";
import { clampLimit, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";
import { type WebhookEvent, writeTestMessage } from "./webhook-messages.ts";

export { WEBHOOK_EVENTS } from "../schema/webhooks.ts";
export type { WebhookEvent } from "./webhook-messages.ts";

/** More than these a user must delete some of first. */
export const MAX_WEBHOOKS = 10;

const columns = {
  id: webhooks.id,
  url: webhooks.url,
  events: webhooks.events,
  isActive: webhooks.isActive,
  disabledFor: webhooks.disabledFor,
  failingSince: webhooks.failingSince,
  oldSecretUntil: sql`case when ${webhooks.oldSecretUntil} > now() then ${webhooks.oldSecretUntil} end`.mapWith(
    webhooks.oldSecretUntil,
  ) as SQL<Date | null>,
  createdAt: webhooks.createdAt,
  updatedAt: webhooks.updatedAt,
};

const select = (db: Database) => db.select(columns).from(webhooks);
export type OwnWebhook = Awaited<ReturnType<typeof select>>[number];

const ofOwner = (userId: number, id: number) => and(eq(webhooks.id, id), eq(webhooks.userId, userId));

/** A user's, the newest first. */
export const listWebhooks = guarded(
  async (db: Database, userId: number): Promise<OwnWebhook[]> =>
    select(db).where(eq(webhooks.userId, userId)).orderBy(desc(webhooks.id)),
);

/** Null: it is not theirs, or gone. */
export const getWebhook = guarded(async (db: Database, userId: number, id: number): Promise<OwnWebhook | null> => {
  if (!isId(id)) return null;
  const [row] = await select(db).where(ofOwner(userId, id));
  return row ?? null;
});

export interface NewWebhook {
  readonly userId: number;
  readonly url: string;
  readonly secretSealed: string;
  readonly events: readonly WebhookEvent[];
}

/** Null: the user has as many as one may have. */
export const createWebhook = guarded(async (db: Database, webhook: NewWebhook): Promise<OwnWebhook | null> => {
  return db.transaction(async (tx) => {
    // Of several at once, one is counted after the other.
    await tx.select({ id: users.id }).from(users).where(eq(users.id, webhook.userId)).for("update");
    const [held] = await tx.select({ all: count() }).from(webhooks).where(eq(webhooks.userId, webhook.userId));
    if ((held?.all ?? 0) >= MAX_WEBHOOKS) return null;
    const [row] = await tx
      .insert(webhooks)
      .values({ ...webhook, events: [...webhook.events] })
      .returning(columns);
    return row!;
  });
});

export interface WebhookChange {
  readonly url?: string | undefined;
  readonly events?: readonly WebhookEvent[] | undefined;
  readonly isActive?: boolean | undefined;
}

/** One that is made active begins anew: nothing has failed yet. Null: it is not theirs, or gone. */
export const updateWebhook = guarded(
  async (db: Database, userId: number, id: number, change: WebhookChange): Promise<OwnWebhook | null> => {
    if (!isId(id)) return null;
    const { events, ...values } = change;
    const [row] = await db
      .update(webhooks)
      .set({
        ...values,
        ...(events === undefined ? {} : { events: [...events] }),
        ...(change.isActive === true ? { disabledFor: null, failingSince: null } : {}),
        updatedAt: sql`now()`,
      })
      .where(ofOwner(userId, id))
      .returning(columns);
    return row ?? null;
  },
);

/** The secret so far signs as well for so many hours. Null: it is not theirs, or gone. */
export const rotateWebhookSecret = guarded(
  async (db: Database, userId: number, id: number, secretSealed: string, hours: number): Promise<OwnWebhook | null> => {
    if (!isId(id)) return null;
    const [row] = await db
      .update(webhooks)
      .set({
        secretSealed,
        oldSecretSealed: sql`${webhooks.secretSealed}`,
        oldSecretUntil: sql`now() + ${hours}::int * interval '1 hour'`,
        updatedAt: sql`now()`,
      })
      .where(ofOwner(userId, id))
      .returning(columns);
    return row ?? null;
  },
);

/** With its messages. False: it is not theirs, or gone already. */
export const deleteWebhook = guarded(async (db: Database, userId: number, id: number): Promise<boolean> => {
  if (!isId(id)) return false;
  const rows = await db.delete(webhooks).where(ofOwner(userId, id)).returning({ id: webhooks.id });
  return rows.length > 0;
});

const deliveryColumns = {
  id: webhookDeliveries.id,
  messageId: webhookDeliveries.messageId,
  type: webhookDeliveries.type,
  body: webhookDeliveries.body,
  state: webhookDeliveries.state,
  attempts: webhookDeliveries.attempts,
  nextAt: webhookDeliveries.nextAt,
  lastStatus: webhookDeliveries.lastStatus,
  lastFault: webhookDeliveries.lastFault,
  attemptedAt: webhookDeliveries.attemptedAt,
  createdAt: webhookDeliveries.createdAt,
};

export type WebhookDelivery = Pick<WebhookDeliveryRow, keyof typeof deliveryColumns>;

export interface DeliveryListRequest extends PageRequest {
  readonly state?: WebhookDeliveryRow["state"] | undefined;
}

/** A page of a webhook's messages, the newest first. Whose it is, the caller has looked at. */
export const listDeliveries = guarded(
  async (db: Database, webhookId: number, request: DeliveryListRequest): Promise<Page<WebhookDelivery>> => {
    const limit = clampLimit(request.limit);
    const tag = 1;
    const order = { tag, by: webhookDeliveries.id, kind: "number", direction: "desc" } as const;
    const { where, orderBy, sortKey } = ordered(order, webhookDeliveries.id, request.cursor);
    const { state } = request;
    const rows = await db
      .select({ ...deliveryColumns, sortKey })
      .from(webhookDeliveries)
      .where(
        and(
          eq(webhookDeliveries.webhookId, webhookId),
          state === undefined ? undefined : eq(webhookDeliveries.state, state),
          where,
        ),
      )
      .orderBy(orderBy)
      .limit(limit + 1);
    return toOrderedPage(rows, limit, tag);
  },
);

const oneDelivery = async (db: Database, webhookId: number, id: number): Promise<WebhookDelivery | null> => {
  const [row] = await db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.webhookId, webhookId)));
  return row ?? null;
};

/** A message that tells of nothing. Null: the webhook is gone. */
export const sendTestMessage = guarded(async (db: Database, webhookId: number): Promise<WebhookDelivery | null> => {
  const id = await writeTestMessage(db, webhookId);
  return id === null ? null : oneDelivery(db, webhookId, id);
});

/** Sends a message once more, at once and with all attempts; one that is under way at this moment stays as it is. Null: there is none. */
export const redeliver = guarded(
  async (db: Database, webhookId: number, id: number): Promise<WebhookDelivery | null> => {
    if (!isId(id)) return null;
    await db
      .update(webhookDeliveries)
      .set({ state: "pending", attempts: 0, nextAt: sql`now()`, leasedUntil: null })
      .where(
        and(
          eq(webhookDeliveries.id, id),
          eq(webhookDeliveries.webhookId, webhookId),
          sql`(${webhookDeliveries.leasedUntil} is null or ${webhookDeliveries.leasedUntil} <= clock_timestamp())`,
        ),
      );
    return oneDelivery(db, webhookId, id);
  },
);
