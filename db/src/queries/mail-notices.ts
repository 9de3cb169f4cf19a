/** Followers who are told by e-mail that a channel is live. */
import { and, asc, eq, gt, inArray, isNull } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { follows } from "../schema/follows.ts";
import { mailNotices } from "../schema/mail-notices.ts";
import { users } from "../schema/users.ts";
import type { NoticeLocale } from "./push-subscriptions.ts";

export const turnMailOn = guarded(async (db: Database, userId: number, locale: NoticeLocale): Promise<void> => {
  await db
    .insert(mailNotices)
    .values({ userId, locale })
    .onConflictDoUpdate({ target: mailNotices.userId, set: { locale } });
});

export const turnMailOff = guarded(async (db: Database, userId: number): Promise<void> => {
  await db.delete(mailNotices).where(eq(mailNotices.userId, userId));
});

export const isToldByMail = guarded(async (db: Database, userId: number): Promise<boolean> => {
  const [row] = await db.select({ id: mailNotices.userId }).from(mailNotices).where(eq(mailNotices.userId, userId));
  return row !== undefined;
});

/** In the order of their ids, behind `after`. */
export const followersByMail = guarded(async (db: Database, channelId: number, after: number, limit: number) => {
  const rows = await db
    .select({ id: mailNotices.userId })
    .from(follows)
    .innerJoin(mailNotices, eq(mailNotices.userId, follows.userId))
    .where(and(eq(follows.channelId, channelId), gt(mailNotices.userId, after)))
    .orderBy(asc(mailNotices.userId))
    .limit(limit);
  return rows.map(({ id }) => id);
});

/** Of these, who still wants it, and where. */
export const mailTargets = guarded(async (db: Database, channelId: number, userIds: readonly number[]) =>
  db
    .select({ userId: users.id, email: users.email, locale: mailNotices.locale })
    .from(mailNotices)
    .innerJoin(users, eq(users.id, mailNotices.userId))
    .innerJoin(follows, and(eq(follows.userId, users.id), eq(follows.channelId, channelId)))
    .where(and(inArray(users.id, [...userIds]), users.isActive, isNull(users.deletedAt))),
);
