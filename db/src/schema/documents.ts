import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, pgTable, primaryKey, text, unique, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant, updatedAt } from "./columns.ts";
import { users } from "./users.ts";

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
    /** Counts from 1; each version's text is in `document_versions`. */
    version: integer("version").notNull().default(1),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ name: "documents_pkey", columns: [table.slug, table.locale] }),
    check("documents_slug_check", sql`${table.slug} ~ '^[a-z0-9][a-z0-9-]*$'`),
    check("documents_locale_check", sql`${table.locale} ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'`),
  ],
);

/** Every text that a document ever had, the present one included. */
export const documentVersions = pgTable(
  "document_versions",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    slug: varchar("slug", { length: 64 }).notNull(),
    locale: varchar("locale", { length: 10 }).notNull(),
    version: integer("version").notNull(),
    title: varchar("title", { length: 200 }).notNull(),
    body: text("body").notNull(),
    /** Null for what the software ships with. */
    editedBy: integer("edited_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
  },
  (table) => [
    unique("document_versions_unique").on(table.slug, table.locale, table.version),
    foreignKey({
      name: "document_versions_document_fk",
      columns: [table.slug, table.locale],
      foreignColumns: [documents.slug, documents.locale],
    }).onDelete("cascade"),
  ],
);

/** Who accepted which version of which document, and when. */
export const documentAcceptances = pgTable(
  "document_acceptances",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    versionId: integer("version_id")
      .notNull()
      .references(() => documentVersions.id, { onDelete: "cascade" }),
    acceptedAt: instant("accepted_at").notNull().defaultNow(),
  },
  (table) => [
    unique("document_acceptances_unique").on(table.userId, table.versionId),
    index("document_acceptances_version_id_index").on(table.versionId),
  ],
);
