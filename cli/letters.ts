/** The operator's mail server, where there is one, and the letters that go through it. */
import { type Mailer, makeMailer, startMail } from "@streamhub/api";
import type { Env } from "@streamhub/api/env";
import type { Bus, Database } from "@streamhub/db";
import type { Registry } from "prom-client";
import type { makeLog } from "./log.ts";
import type { Shutdown } from "./shutdown.ts";

interface LettersOptions {
  readonly env: Pick<Env, "mail" | "publicUrl">;
  readonly db: Database;
  readonly bus: Bus;
  readonly metrics: Registry;
  readonly log: ReturnType<typeof makeLog>;
  readonly shutdown: Shutdown;
}

/** Null: this installation sends none. */
export async function startLetters({ env, db, bus, metrics, log, shutdown }: LettersOptions): Promise<Mailer | null> {
  const { publicUrl } = env;
  if (env.mail === null || publicUrl === null) return null;
  const mailer = makeMailer(env.mail);
  shutdown.defer("mail", () => mailer.close());
  await startMail({ db, bus, mailer, publicUrl, metrics, log });
  return mailer;
}
