/** Tells followers by e-mail that a channel is live. */
import { type Database, type Log, queries } from "@streamhub/db";
import { lettersIn } from "../mail/letters.ts";
import { MailError, type Mailer } from "../mail/mailer.ts";
import type { Delivery } from "./fan-out.ts";
import type { noticeCounter } from "./metrics.ts";
import { offProof } from "./off-proof.ts";

export interface MailNoticeOptions {
  readonly db: Database;
  readonly mailer: Mailer;
  readonly publicUrl: string;
  readonly secret: string;
  readonly count: ReturnType<typeof noticeCounter>;
  readonly log: Log;
}

export function makeMailSender({ db, mailer, publicUrl, secret, count, log }: MailNoticeOptions) {
  return async (notice: queries.LiveNotice, userIds: readonly number[]): Promise<ReadonlyMap<number, Delivery>> => {
    const { channelId, channel, title, slug } = notice;
    const outcomes = new Map<number, Delivery>();
    const link = `${publicUrl}/watch/${slug}`;
    // One after the other: mail servers have limits of their own, and the mailer's connections are few.
    for (const { userId, email, locale } of await queries.mailTargets(db, channelId, userIds)) {
      const letter = lettersIn(locale).live({ channel, title, link, settings: `${publicUrl}/settings` });
      const off = `${publicUrl}/api/notices/mail/off?user=${userId}&proof=${offProof(secret, userId)}`;
      // RFC 8058: a mail program's own button, which asks with POST, as scanners of links do not.
      const headers = { "List-Unsubscribe": `<${off}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };
      try {
        const posted = await mailer.send({ to: email, ...letter, headers });
        count("mail", posted);
        if (posted === "refused")
          log.warn({ code: "mail.refused", userId }, "The mail server refused a letter for good");
        outcomes.set(userId, "done");
      } catch (error) {
        if (!(error instanceof MailError)) throw error;
        count("mail", "failed");
        outcomes.set(userId, { retryAfter: null });
      }
    }
    return outcomes;
  };
}
