import { boolean, index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { createdAt, updatedAt } from "./columns.ts";

/** Other RTMP services that a channel's broadcasts are sent on to. */
export const restreams = pgTable(
  "restreams",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    name: varchar("name", { length: 100 }).notNull(),
    /** `rtmp://` or `rtmps://`, without the key. */
    url: varchar("url", { length: 1_000 }).notNull(),
    /** The service's stream key, encrypted (`key-vault.ts`). */
    keySealed: varchar("key_sealed", { length: 1_000 }).notNull(),
    isActive: boolean("is_active").notNull().default(true),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("restreams_channel_id_index").on(table.channelId)],
);
