/** The way of messages to webhooks: who delivers which one now, what came of it, what is forgotten. Times are the database's own clock. */
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { WebhookDeliveryRow, WebhookRow } from "../model.ts";
import { users } from "../schema/users.ts";
import { webhookDeliveries, webhooks } from "../schema/webhooks.ts";

export type DeliveryFault = NonNullable<WebhookDeliveryRow["lastFault"]>;

export interface ClaimRequest {
  /** So long nobody else takes them. Milliseconds. */
  readonly lease: number;
  readonly limit: number;
  /** Of one webhook: whoever answers slowly holds up its own messages only. */
  readonly limitEach: number;
  /** Webhooks that have some under way with the one who asks, and get no more until those are done. */
  readonly busy: readonly number[];
}

/** A message to be sent now. The lease proves who may say what came of it. */
export interface ClaimedDelivery {
  readonly id: number;
  readonly webhookId: number;
  readonly messageId: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly leasedUntil: Date;
  readonly url: string;
  readonly secretSealed: string;
  /** Null: there is none that still counts. */
  readonly oldSecretSealed: string | null;
}

/** Those that are looked at to find what is due: more lie behind a full look, and come with the next. */
const LOOKED_AT = 1_000;

const isDue = sql`d.state = 'pending' and d.next_at <= clock_timestamp() and (d.leased_until is null or d.leased_until <= clock_timestamp())`;

/** Takes what is due, the longest waiting first. Of several processes each gets others; what a dead one had is due again when its lease is over. */
export const claimDeliveries = guarded(
  async (db: Database, { lease, limit, limitEach, busy }: ClaimRequest): Promise<ClaimedDelivery[]> => {
    const rows = await db.execute<Record<string, unknown>>(sql`
      with waiting as (
        select d.id, d.webhook_id, d.next_at
        from ${webhookDeliveries} d
        join ${webhooks} w on w.id = d.webhook_id and w.is_active
        join ${users} u on u.id = w.user_id and u.is_active
        where ${isDue} and d.webhook_id <> all(${`{${busy.join()}}`}::int[])
        order by d.next_at, d.id
        limit ${LOOKED_AT}
      ), ranked as (
        select id, next_at, row_number() over (partition by webhook_id order by next_at, id) as place from waiting
      ), due as materialized (
        select d.id
        from ranked
        join ${webhookDeliveries} d on d.id = ranked.id
        where ranked.place <= ${limitEach} and ${isDue}
        order by ranked.next_at, ranked.id
        limit ${limit}
        for update of d skip locked
      )
      update ${webhookDeliveries} d
      set attempts = d.attempts + 1, attempted_at = clock_timestamp(),
        leased_until = clock_timestamp() + ${lease}::float8 * interval '1 millisecond'
      from due, ${webhooks} w
      where d.id = due.id and w.id = d.webhook_id
      returning d.id, d.webhook_id, d.message_id, d.body, d.attempts, w.url, w.secret_sealed,
        case when w.old_secret_until > now() then w.old_secret_sealed end as old_secret_sealed,
        (extract(epoch from d.leased_until) * 1000)::float8 as leased_until`);
    return rows.map((row) => ({
      id: row.id as number,
      webhookId: row.webhook_id as number,
      messageId: row.message_id as string,
      body: row.body as string,
      attempts: row.attempts as number,
      leasedUntil: new Date(row.leased_until as number),
      url: row.url as string,
      secretSealed: row.secret_sealed as string,
      oldSecretSealed: row.old_secret_sealed as string | null,
    }));
  },
);

export interface DeliveryOutcome {
  readonly kind: "delivered" | "failed";
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly fault: DeliveryFault | null;
  /** Milliseconds until the next attempt; null: there is none. */
  readonly retryIn: number | null;
  /** The receiver says that it is no more. */
  readonly isGone: boolean;
}

/**
 * Writes what came of an attempt. `disableAfter`: a webhook at which nothing arrives for so long (milliseconds) is made inactive. Returns why this
 * made it so, null for not at all; and false for `isOurs` when the lease had gone to somebody else, which changes nothing.
 */
export const settleDelivery = guarded(
  async (
    db: Database,
    { id, webhookId, leasedUntil }: Pick<ClaimedDelivery, "id" | "webhookId" | "leasedUntil">,
    { kind, status, fault, retryIn, isGone }: DeliveryOutcome,
    disableAfter: number,
  ): Promise<{ readonly isOurs: boolean; readonly disabledFor: WebhookRow["disabledFor"] }> => {
    return db.transaction(async (tx) => {
      // The webhook before its delivery, as when it is deleted with all of them.
      const [webhook] = await tx
        .select({
          isActive: webhooks.isActive,
          hasFailedLong: sql<boolean>`coalesce(${webhooks.failingSince} < now() - ${disableAfter}::float8 * interval '1 millisecond', false)`,
        })
        .from(webhooks)
        .where(eq(webhooks.id, webhookId))
        .for("no key update");
      if (webhook === undefined) return { isOurs: false, disabledFor: null };
      const goesOn = kind === "failed" && retryIn !== null;
      const settled = await tx
        .update(webhookDeliveries)
        .set({
          state: goesOn ? "pending" : kind,
          nextAt: goesOn ? sql`clock_timestamp() + ${retryIn}::float8 * interval '1 millisecond'` : null,
          leasedUntil: null,
          lastStatus: status,
          lastFault: fault,
        })
        .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.leasedUntil, leasedUntil)))
        .returning({ id: webhookDeliveries.id });
      if (settled.length === 0) return { isOurs: false, disabledFor: null };
      const reason = isGone ? "gone" : kind === "failed" && webhook.hasFailedLong ? "failing" : null;
      const disabledFor = webhook.isActive ? reason : null;
      await tx
        .update(webhooks)
        .set({
          failingSince: kind === "delivered" ? null : sql`coalesce(${webhooks.failingSince}, now())`,
          ...(disabledFor === null ? {} : { isActive: false, disabledFor }),
          updatedAt: disabledFor === null ? sql`${webhooks.updatedAt}` : sql`now()`,
        })
        .where(eq(webhooks.id, webhookId));
      return { isOurs: true, disabledFor };
    });
  },
);

/** Messages that are on their way to active webhooks. */
export const countPendingDeliveries = guarded(async (db: Database): Promise<number> => {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .where(and(eq(webhookDeliveries.state, "pending"), webhooks.isActive));
  return row?.count ?? 0;
});

/** Forgets at most `portion` messages older than so many days, delivered or not. Returns how many. */
export const forgetDeliveries = guarded(async (db: Database, days: number, portion: number): Promise<number> => {
  const rows = await db.execute(sql`
    delete from ${webhookDeliveries} where id in (
      select id from ${webhookDeliveries} where created_at < now() - ${days}::int * interval '1 day' order by created_at limit ${portion}
    ) returning id`);
  return rows.length;
});
