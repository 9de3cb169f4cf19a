import { index, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { createdAt } from "./columns.ts";
import { users } from "./users.ts";

/** Who wants to know when a channel goes live. Goes with either of the two. */
export const follows = pgTable(
  "follows",
  {
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "follows_pkey", columns: [table.userId, table.channelId] }),
    // Counting a channel's, and telling them page by page.
    index("follows_channel_id_user_id_index").on(table.channelId, table.userId),
  ],
);
