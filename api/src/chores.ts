/** What must be tidied up now and then, by one of all processes: pictures that nothing shows, answers that nobody will ask for again. */
import { type Log, queries } from "@streamhub/db";
import { IDEMPOTENCY_RULES } from "./idempotency.ts";
import type { Services } from "./services.ts";
import { sweepPictures } from "./uploads/service.ts";

const HOUR = 3_600_000;
/** After a start: those who come first are served first. */
const FIRST_AFTER = 60_000;
/** Rows of one statement. */
const CHAT_PORTION = 2_000;
const DELIVERIES_PORTION = 2_000;
/** So long administrators can look up who changed what. */
const AUDIT_DAYS = 365;
const AUDIT_PORTION = 2_000;
/** So long an owner can look up what was sent to a webhook, and send it again. */
const DELIVERIES_DAYS = 30;

interface Chore {
  readonly name: string;
  readonly every: number;
  readonly work: () => Promise<void>;
}

/** Leaves its jobs with the bus, whose end is theirs. A bus that is away gets them at the next start. */
export async function startChores(services: Pick<Services, "db" | "bus" | "uploadsDir">, log: Log): Promise<void> {
  const { db, bus } = services;
  const chores: readonly Chore[] = [
    { name: "pictures.sweep", every: 24 * HOUR, work: () => sweepPictures(services) },
    {
      name: "idempotency.forget",
      every: HOUR,
      work: async () => {
        await queries.forgetKeys(db, IDEMPOTENCY_RULES.keptFor);
      },
    },
    {
      name: "chat.forget",
      every: HOUR,
      work: async () => {
        // Less than a full portion: there is no more.
        while ((await queries.tidyChat(db, CHAT_PORTION)) >= CHAT_PORTION);
      },
    },
    { name: "password-resets.forget", every: HOUR, work: () => queries.forgetPasswordResets(db) },
    {
      name: "audit.forget",
      every: HOUR,
      work: async () => {
        while ((await queries.forgetAuditEntries(db, AUDIT_DAYS, AUDIT_PORTION)) >= AUDIT_PORTION);
      },
    },
    {
      name: "webhooks.forget",
      every: HOUR,
      work: async () => {
        while ((await queries.forgetDeliveries(db, DELIVERIES_DAYS, DELIVERIES_PORTION)) >= DELIVERIES_PORTION);
      },
    },
  ];
  for (const { name, every, work } of chores)
    try {
      await bus.jobs.work(name, work);
      await bus.jobs.every(name, every);
      // A process that is started anew every day never sees a day go by.
      await bus.jobs.add(name, "", { id: `${name}.first`, delay: FIRST_AFTER });
    } catch (error) {
      log.warn({ code: "chore.not-started", chore: name, error: String(error) }, "A chore could not be planned");
    }
}
