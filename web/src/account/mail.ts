/** Letters: whether this site sends any, and those that a person asks for. */
import { createMemo } from "solid-js";
import { locale } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";

/** Null: not known yet. */
export function createSendsMail() {
  const site = createAnswer(
    () => true,
    () => outcomeOf(client.api.site.get()),
  );
  return createMemo(() => site.value()?.sendsMail ?? null);
}

/** The answer is the same for every name. */
export async function askForLetter(login: string): Promise<Problem | null> {
  const outcome = await outcomeOf(client.api.auth.password.forgotten.post({ login, locale: locale() }));
  return outcome.ok ? null : outcome.problem;
}

export async function resetPassword(token: string, password: string): Promise<Problem | null> {
  const outcome = await outcomeOf(client.api.auth.password.reset.post({ token, password, locale: locale() }));
  return outcome.ok ? null : outcome.problem;
}

/** Being told by letters that followed channels go live. */
export function createMailNotices() {
  const notices = createAnswer(
    () => me()?.sessionId ?? null,
    () => outcomeOf(client.api.notices.get()),
    { keep: true },
  );
  return {
    state: () => notices.value()?.mail ?? null,
    async turn(on: boolean): Promise<Problem | null> {
      const { mail } = client.api.notices;
      const outcome = on ? await outcomeOf(mail.put({ locale: locale() })) : await outcomeOf(mail.delete());
      await notices.reload();
      return outcome.ok ? null : outcome.problem;
    },
  };
}
