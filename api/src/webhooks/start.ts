/**
 * Delivers messages to webhooks: takes what is due from the database under a lease, some at once, and writes down what came of each. Any number of
 * processes share the work; what one of them had when it died is due again when the lease is over.
 */
import { type Database, type KeyVault, type Log, queries } from "@streamhub/db";
import type { Registry } from "prom-client";
import { counter } from "../metrics/registry.ts";
import { makeOutbound, type Outbound } from "../outbound/outbound.ts";
import { makeAttempt } from "./attempt.ts";

export interface WebhooksOptions {
  readonly db: Database;
  readonly vault: KeyVault;
  readonly metrics: Registry;
  readonly log: Log;
  readonly outbound?: Outbound;
  /** Milliseconds between two looks for what is due. */
  readonly every?: number;
  /** Milliseconds; longer than an attempt can last. */
  readonly lease?: number;
  /** Milliseconds since 1970; default the clock. */
  readonly now?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
}

export interface Webhooks {
  /** Takes nothing new and waits a while for what is under way; what takes longer, another process delivers again. */
  stop(): Promise<void>;
}

const EVERY = 1_000;
const LEASE = 60_000;
const AT_ONCE = 16;
/** Of one webhook: whoever answers slowly holds up its own messages only. */
const AT_ONCE_EACH = 2;
const DISABLE_AFTER = 5 * 24 * 3_600_000;
const STOP_WITHIN = 5_000;

/** `work`, or the end of so many milliseconds. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

export function startWebhooks(options: WebhooksOptions): Webhooks {
  const { db, vault, metrics, log, outbound = makeOutbound(), every = EVERY, lease = LEASE } = options;
  const { now = Date.now, random = Math.random } = options;
  const attempt = makeAttempt({ vault, outbound, now, random });
  const attempts = counter(metrics, {
    name: "streamhub_webhook_attempts_total",
    help: "Attempts to deliver messages to webhooks from here: delivered, to be tried again, given up",
    labelNames: ["outcome"],
  });
  for (const outcome of ["delivered", "retry", "failed"]) attempts.inc({ outcome }, 0);

  /** By delivery, the webhook. */
  const underWay = new Map<Promise<void>, number>();
  let isStopped = false;
  let isFailing = false;
  let wake: () => void = () => {};

  function count({ kind, retryIn }: queries.DeliveryOutcome): void {
    attempts.inc({ outcome: kind === "delivered" ? kind : retryIn === null ? "failed" : "retry" });
  }

  async function deliver(delivery: queries.ClaimedDelivery): Promise<void> {
    const outcome = await attempt(delivery);
    count(outcome);
    const { webhookId } = delivery;
    try {
      const { disabledFor } = await queries.settleDelivery(db, delivery, outcome, DISABLE_AFTER);
      if (disabledFor !== null)
        log.info({ code: "webhook.disabled", webhookId, reason: disabledFor }, "A webhook was made inactive");
    } catch (error) {
      // Its lease ends and it is sent once more: the receiver knows it by its id.
      log.warn({ code: "webhook.not-settled", webhookId, error: String(error) }, "What came of a message is not known");
    }
  }

  async function look(): Promise<void> {
    const limit = AT_ONCE - underWay.size;
    if (limit <= 0) return;
    try {
      const due = await queries.claimDeliveries(db, {
        lease,
        limit,
        limitEach: AT_ONCE_EACH,
        busy: [...new Set(underWay.values())],
      });
      for (const delivery of due) {
        const work: Promise<void> = deliver(delivery).finally(() => {
          underWay.delete(work);
          wake();
        });
        underWay.set(work, delivery.webhookId);
      }
      isFailing = false;
    } catch (error) {
      // Once for an outage: the next look is soon.
      if (!isFailing) log.warn({ code: "webhooks.waiting", error: String(error) }, "Messages to webhooks wait");
      isFailing = true;
    }
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      const done = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await look();
      if (!isStopped) await within(every, done);
    }
  }
  const running = run();

  return {
    async stop() {
      isStopped = true;
      wake();
      await within(
        STOP_WITHIN,
        running.then(() => Promise.all(underWay.keys())),
      );
    },
  };
}
