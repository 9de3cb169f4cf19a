import { pgTable, text, varchar } from "drizzle-orm/pg-core";
import { createdAt } from "./columns.ts";

/** What the platform makes for itself once and all its processes share; secrets are sealed (`key-vault.ts`). */
export const settings = pgTable("settings", {
  name: varchar("name", { length: 50 }).primaryKey(),
  value: text("value").notNull(),
  createdAt: createdAt(),
});
