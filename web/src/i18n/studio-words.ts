/** The words of the studio; they travel with its pages. */
import { locale } from "./locale.ts";
import { en } from "./studio/en.ts";
import { findingsRu } from "./studio/findings-ru.ts";
import { ru } from "./studio/ru.ts";

export const studioWords = () => (locale() === "ru" ? ru : en);

interface Finding {
  readonly code: string;
  readonly values: Readonly<Record<string, number>>;
  readonly detail: string;
  readonly fix: string | null;
}

/** What is wrong and what to change. A finding that only a newer server knows is said in the server's words. */
export function explainFinding({ code, values, detail, fix }: Finding): { detail: string; fix: string | null } {
  const said = locale() === "ru" ? findingsRu[code]?.(values) : undefined;
  return said === undefined ? { detail, fix } : { detail: said.detail, fix: said.fix ?? null };
}
