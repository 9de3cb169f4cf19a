/** Letters about accounts as jobs on the bus: who asks for one does not wait for it, and nothing secret lies on the bus. */
import type { Bus, queries } from "@streamhub/db";

export const RESET_LETTER = "mail.reset";
export const CHANGED_LETTER = "mail.changed";

/** `userId` 0: nobody has that name. It becomes a job like any other, so that answers take the same time. */
export interface LetterJob {
  readonly userId: number;
  readonly locale: queries.NoticeLocale;
}

export const addLetter = (jobs: Bus["jobs"], name: string, job: LetterJob): Promise<void> =>
  jobs.add(name, JSON.stringify(job));

export const readLetter = (data: string): LetterJob => JSON.parse(data) as LetterJob;
