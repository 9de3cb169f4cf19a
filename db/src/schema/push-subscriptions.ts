import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { createdAt } from "./columns.ts";
import { sessions } from "./sessions.ts";
import { users } from "./users.ts";

/** Languages that notifications are written in. */
export const NOTICE_LOCALES = ["en", "ru"] as const;

/** Browsers that are told by Web Push: one of a session, and only while that session lasts. */
export const pushSubscriptions = pgTable(
  "push_subscriptions",
  {
    sessionId: integer("session_id")
      .primaryKey()
      .references(() => sessions.id, { onDelete: "cascade" }),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Address at the browser's push service. Whoever knows it and our key can send to the browser. */
    endpoint: varchar("endpoint", { length: 1_000 }).notNull(),
    /** The browser's public key and secret, base64url (RFC 8291). */
    p256dh: varchar("public_key", { length: 100 }).notNull(),
    auth: varchar("auth", { length: 30 }).notNull(),
    locale: varchar("locale", { length: 2, enum: NOTICE_LOCALES }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("push_subscriptions_endpoint_unique").on(table.endpoint),
    index("push_subscriptions_user_id_index").on(table.userId),
    check("push_subscriptions_locale_check", sql`${table.locale} in ('en', 'ru')`),
  ],
);
