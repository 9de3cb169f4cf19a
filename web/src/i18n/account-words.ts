/** The words of accounts, forms and refusals; they travel with the pages that need them, not with the first visit. */
import type { Problem } from "../session/problem.ts";
import { en } from "./account/en.ts";
import { ru } from "./account/ru.ts";
import { formatElapsed } from "./elapsed.ts";
import { locale } from "./locale.ts";

export const accountWords = () => (locale() === "ru" ? ru : en);

/** A refusal in the reader's language. */
export function explain({ code, retryAfter }: Problem): string {
  const { problems, problem } = accountWords();
  const text = problems[code] ?? problem.other(code);
  return retryAfter === null ? text : `${text} ${problem.wait(formatElapsed(locale(), retryAfter))}`;
}

/** What is wrong with one field of a form. A refusal that is about one thing (a taken name) says it better than the field's own rule. */
export function explainField(code: string, field: string): string {
  const { problems, wrong } = accountWords();
  return (
    (code === "request.invalid" ? wrong[field] : problems[code]) ?? wrong[field] ?? problems["request.invalid"] ?? ""
  );
}
