/** The rows as TypeBox schemas, which route schemas derive from. Each has a name: an inline `t.Omit(createInsertSchema(…))` fails with TS2589. */
import { createInsertSchema, createSelectSchema, createUpdateSchema } from "drizzle-typebox";
import { channels } from "./schema/channels.ts";
import { documents } from "./schema/documents.ts";
import { statistics } from "./schema/statistics.ts";
import { streamViews } from "./schema/stream-views.ts";
import { streams } from "./schema/streams.ts";
import { users } from "./schema/users.ts";

export const userRow = createSelectSchema(users);
export const userInsert = createInsertSchema(users);
export const userUpdate = createUpdateSchema(users);
export const channelRow = createSelectSchema(channels);
export const channelInsert = createInsertSchema(channels);
export const channelUpdate = createUpdateSchema(channels);
export const streamRow = createSelectSchema(streams);
export const streamInsert = createInsertSchema(streams);
export const streamUpdate = createUpdateSchema(streams);
export const streamViewRow = createSelectSchema(streamViews);
export const streamViewInsert = createInsertSchema(streamViews);
export const statisticsRow = createSelectSchema(statistics);
export const documentRow = createSelectSchema(documents);
export const documentInsert = createInsertSchema(documents);

export type UserRow = typeof users.$inferSelect;
export type ChannelRow = typeof channels.$inferSelect;
export type StreamRow = typeof streams.$inferSelect;
export type StreamViewRow = typeof streamViews.$inferSelect;
export type StatisticsRow = typeof statistics.$inferSelect;
export type DocumentRow = typeof documents.$inferSelect;
export type Visibility = ChannelRow["visibility"];
export type Role = UserRow["role"];
