import { sql } from "drizzle-orm";
import { timestamp } from "drizzle-orm/pg-core";

/** timestamptz in milliseconds: exactly what a JavaScript `Date` holds, so that a value read, written back or put in a cursor is the same one. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

export const createdAt = () => instant("created_at").notNull().defaultNow();

export const updatedAt = () =>
  instant("updated_at")
    .notNull()
    .defaultNow()
    .$onUpdate(() => sql`now()`);
