import { sql } from "drizzle-orm";
import { check, pgTable, primaryKey, text, varchar } from "drizzle-orm/pg-core";
import { updatedAt } from "./columns.ts";

/** Terms, privacy policy and the like: one row per document and language. */
export const documents = pgTable(
  "documents",
  {
    slug: varchar("slug", { length: 64 }).notNull(),
    /** BCP 47 language tag, lower case: `en`, `ru`. */
    locale: varchar("locale", { length: 10 }).notNull(),
    title: varchar("title", { length: 200 }).notNull(),
    /** Markdown. */
    body: text("body").notNull(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ name: "documents_pkey", columns: [table.slug, table.locale] }),
    check("documents_slug_check", sql`${table.slug} ~ '^[a-z0-9][a-z0-9-]*$'`),
    check("documents_locale_check", sql`${table.locale} ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'`),
  ],
);
