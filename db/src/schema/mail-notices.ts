import { sql } from "drizzle-orm";
import { check, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { createdAt } from "./columns.ts";
import { NOTICE_LOCALES } from "./push-subscriptions.ts";
import { users } from "./users.ts";

/** Who is told by e-mail when a channel that they follow goes live. */
export const mailNotices = pgTable(
  "mail_notices",
  {
    userId: integer("user_id")
      .primaryKey()
      .references(() => users.id, { onDelete: "cascade" }),
    locale: varchar("locale", { length: 2, enum: NOTICE_LOCALES }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [check("mail_notices_locale_check", sql`${table.locale} in ('en', 'ru')`)],
);
