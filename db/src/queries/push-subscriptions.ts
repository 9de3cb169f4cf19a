/** Browsers that are told by Web Push. */
import { and, eq, gt, inArray, isNull, ne, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { pushSubscriptions } from "../schema/push-subscriptions.ts";
import { sessions } from "../schema/sessions.ts";
import { users } from "../schema/users.ts";

export type PushSubscriptionRow = typeof pushSubscriptions.$inferSelect;
export type NewPushSubscription = Omit<PushSubscriptionRow, "createdAt">;
export type NoticeLocale = PushSubscriptionRow["locale"];

/** Takes the place of what the session had, and of what other sessions of the same browser had. */
export const savePushSubscription = guarded(async (db: Database, subscription: NewPushSubscription): Promise<void> => {
  const { sessionId, ...values } = subscription;
  await db.transaction(async (tx) => {
    await tx
      .delete(pushSubscriptions)
      .where(and(eq(pushSubscriptions.endpoint, subscription.endpoint), ne(pushSubscriptions.sessionId, sessionId)));
    await tx
      .insert(pushSubscriptions)
      .values(subscription)
      .onConflictDoUpdate({ target: pushSubscriptions.sessionId, set: values });
  });
});

export const removePushSubscription = guarded(async (db: Database, sessionId: number): Promise<void> => {
  await db.delete(pushSubscriptions).where(eq(pushSubscriptions.sessionId, sessionId));
});

/** The address that its service has given up; one that came meanwhile stays. */
export const forgetPushEndpoint = guarded(async (db: Database, endpoint: string): Promise<void> => {
  await db.delete(pushSubscriptions).where(eq(pushSubscriptions.endpoint, endpoint));
});

/** All of them: they were made for another key. */
export const forgetPushSubscriptions = guarded(async (db: Database): Promise<void> => {
  await db.delete(pushSubscriptions);
});

export const pushEndpointOf = guarded(async (db: Database, sessionId: number): Promise<string | null> => {
  const [row] = await db
    .select({ endpoint: pushSubscriptions.endpoint })
    .from(pushSubscriptions)
    .where(eq(pushSubscriptions.sessionId, sessionId));
  return row?.endpoint ?? null;
});

const isGood = and(
  isNull(sessions.revokedAt),
  gt(sessions.expiresAt, sql`now()`),
  users.isActive,
  isNull(users.deletedAt),
);

/** Of these sessions, those that still last. */
export const pushSubscriptionsOf = guarded(async (db: Database, sessionIds: readonly number[]) =>
  sessionIds.length === 0
    ? []
    : db
        .select({
          sessionId: pushSubscriptions.sessionId,
          endpoint: pushSubscriptions.endpoint,
          p256dh: pushSubscriptions.p256dh,
          auth: pushSubscriptions.auth,
          locale: pushSubscriptions.locale,
        })
        .from(pushSubscriptions)
        .innerJoin(sessions, eq(sessions.id, pushSubscriptions.sessionId))
        .innerJoin(users, eq(users.id, pushSubscriptions.userId))
        .where(and(inArray(pushSubscriptions.sessionId, [...sessionIds]), isGood)),
);
