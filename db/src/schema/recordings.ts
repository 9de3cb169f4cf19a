import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { createdAt, updatedAt } from "./columns.ts";
import { streams } from "./streams.ts";

/**
 * What is kept of a broadcast. Media lies in the storage of the ingest nodes, under the stream's id; a row without media, and media without a row,
 * are put right by their sweep. recording → ready; recording → stopped (`reason`: it is shorter than its broadcast) → ready.
 */
export const recordings = pgTable(
  "recordings",
  {
    streamId: integer("stream_id")
      .primaryKey()
      .references(() => streams.id, { onDelete: "cascade" }),
    state: varchar("state", { length: 20, enum: ["recording", "stopped", "ready"] }).notNull(),
    /** Why it stopped before its broadcast ended, such as `disk-full`. Null: it did not. */
    reason: varchar("reason", { length: 40 }),
    /** Whole seconds; null until it is ready. */
    duration: integer("duration"),
    /** Bytes; null until it is ready. */
    size: bigint("size", { mode: "number" }),
    /** Name of the ingest node that wrote it. */
    ingestNode: varchar("ingest_node", { length: 100 }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("recordings_unfinished_index").on(table.streamId).where(sql`${table.state} <> 'ready'`),
    check("recordings_state_check", sql`${table.state} in ('recording', 'stopped', 'ready')`),
    check("recordings_numbers_check", sql`${table.duration} >= 0 and ${table.size} >= 0`),
  ],
);
