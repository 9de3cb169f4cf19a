/** Sends the letters about accounts that jobs on the bus ask for, in whichever process takes them. */
import { type Bus, type Database, type Log, queries } from "@streamhub/db";
import type { Registry } from "prom-client";
import { hashToken, makeResetToken, RESET_SECONDS } from "../auth/tokens.ts";
import { CHANGED_LETTER, type LetterJob, RESET_LETTER, readLetter } from "./jobs.ts";
import { lettersIn } from "./letters.ts";
import type { Letter, Mailer } from "./mailer.ts";
import { letterCounter } from "./metrics.ts";

export interface MailOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly mailer: Mailer;
  /** Of links. */
  readonly publicUrl: string;
  readonly metrics: Registry;
  readonly log: Log;
}

/** Leaves its jobs with the bus, whose end is theirs. */
export async function startMail({ db, bus, mailer, publicUrl, metrics, log }: MailOptions): Promise<void> {
  const count = letterCounter(metrics);
  const site = new URL(publicUrl).host;

  /** Throws when it should be tried again. */
  async function post(kind: "reset" | "changed", letter: Letter): Promise<void> {
    try {
      const outcome = await mailer.send(letter);
      count(kind, outcome);
      if (outcome === "refused") log.warn({ code: "mail.refused", kind }, "The mail server refused a letter for good");
    } catch (error) {
      count(kind, "failed");
      log.warn({ code: "mail.failed", kind, error: String(error) }, "A letter could not be sent; it is tried again");
      throw error;
    }
  }

  async function reset({ userId, locale }: LetterJob): Promise<void> {
    const account = await queries.accountToReset(db, userId);
    if (account === null) return;
    const token = makeResetToken();
    await queries.addPasswordReset(db, account.id, hashToken(token), RESET_SECONDS);
    // Behind the #: browsers send that to no server, and no log or Referer has it.
    const link = `${publicUrl}/reset#${token}`;
    await post("reset", { to: account.email, ...lettersIn(locale).reset({ username: account.username, site, link }) });
  }

  async function changed({ userId, locale }: LetterJob): Promise<void> {
    const account = await queries.accountToReset(db, userId);
    if (account === null) return;
    const link = `${publicUrl}/forgotten`;
    await post("changed", {
      to: account.email,
      ...lettersIn(locale).changed({ username: account.username, site, link }),
    });
  }

  try {
    await bus.jobs.work(RESET_LETTER, (data) => reset(readLetter(data)));
    await bus.jobs.work(CHANGED_LETTER, (data) => changed(readLetter(data)));
  } catch (error) {
    log.warn({ code: "mail.not-started", error: String(error) }, "Letters about accounts are not sent");
  }
}
