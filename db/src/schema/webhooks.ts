import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant, updatedAt } from "./columns.ts";
import { users } from "./users.ts";

/** What a webhook can ask for. */
export const WEBHOOK_EVENTS = [
  "stream.started",
  "stream.ended",
  "stream.updated",
  "recording.ready",
  "recording.deleted",
] as const;
/** Sent to one webhook when its owner wants to try it. */
export const WEBHOOK_TEST = "webhook.test";
/** `gone`: the receiver answered 410. `failing`: nothing arrived for days. */
export const DISABLED_FOR = ["gone", "failing"] as const;
export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const;
/** Why there was no answer. `secret`: it was sealed with another secret than the platform's, nothing was sent. */
export const DELIVERY_FAULTS = ["timeout", "unreachable", "address", "secret"] as const;

/** Addresses that a user's programs are told at, of what happens on the user's channels. */
export const webhooks = pgTable(
  "webhooks",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    url: varchar("url", { length: 1_000 }).notNull(),
    /** The signing secret, encrypted (`key-vault.ts`). */
    secretSealed: varchar("secret_sealed", { length: 255 }).notNull(),
    /** The secret before the last rotation; signs as well until its time is over. */
    oldSecretSealed: varchar("old_secret_sealed", { length: 255 }),
    oldSecretUntil: instant("old_secret_until"),
    events: text("events", { enum: WEBHOOK_EVENTS }).array().notNull(),
    /** Of one that is not: nothing new is kept for it, and what is pending waits. */
    isActive: boolean("is_active").notNull().default(true),
    /** Why the platform made it inactive; null: it did not. */
    disabledFor: varchar("disabled_for", { length: 20, enum: DISABLED_FOR }),
    /** First of the attempts that failed in a row; null: the last one arrived. */
    failingSince: instant("failing_since"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("webhooks_user_id_index").on(table.userId),
    check(
      "webhooks_events_check",
      sql`${table.events} <@ array['stream.started', 'stream.ended', 'stream.updated', 'recording.ready', 'recording.deleted'] and cardinality(${table.events}) > 0`,
    ),
    check("webhooks_disabled_for_check", sql`${table.disabledFor} in ('gone', 'failing')`),
    check("webhooks_disabled_check", sql`not ${table.isActive} or ${table.disabledFor} is null`),
    check("webhooks_old_secret_check", sql`(${table.oldSecretSealed} is null) = (${table.oldSecretUntil} is null)`),
  ],
);

/**
 * Messages to webhooks, written with what they tell of. pending → delivered; pending → failed (no attempt is left); delivered or failed → pending
 * when the owner wants it once more.
 */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    webhookId: integer("webhook_id")
      .notNull()
      .references(() => webhooks.id, { onDelete: "cascade" }),
    /** The same in all attempts: the receiver knows by it what it has already. */
    messageId: varchar("message_id", { length: 40 }).notNull(),
    type: varchar("type", { length: 40 }).notNull(),
    /** JSON, byte for byte what is signed and sent. */
    body: text("body").notNull(),
    state: varchar("state", { length: 20, enum: DELIVERY_STATES }).notNull().default("pending"),
    attempts: integer("attempts").notNull().default(0),
    /** Of the next attempt; null: there is none. */
    nextAt: instant("next_at").defaultNow(),
    /** Until then one process delivers it; afterwards that one has died. */
    leasedUntil: instant("leased_until"),
    /** HTTP status of the last answer; null: there was none. */
    lastStatus: integer("last_status"),
    lastFault: varchar("last_fault", { length: 20, enum: DELIVERY_FAULTS }),
    attemptedAt: instant("attempted_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("webhook_deliveries_webhook_id_index").on(table.webhookId, table.id),
    index("webhook_deliveries_due_index").on(table.nextAt, table.id).where(sql`${table.state} = 'pending'`),
    index("webhook_deliveries_created_index").on(table.createdAt),
    check("webhook_deliveries_state_check", sql`${table.state} in ('pending', 'delivered', 'failed')`),
    check("webhook_deliveries_next_check", sql`(${table.state} = 'pending') = (${table.nextAt} is not null)`),
    check("webhook_deliveries_attempts_check", sql`${table.attempts} >= 0`),
    check("webhook_deliveries_fault_check", sql`${table.lastFault} in ('timeout', 'unreachable', 'address', 'secret')`),
  ],
);
