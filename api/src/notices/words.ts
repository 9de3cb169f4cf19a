/** What notices say, in the languages of the site. */
import type { queries } from "@streamhub/db";

type Locale = queries.NoticeLocale;

interface Words {
  readonly live: (channel: string) => string;
}

const WORDS: Readonly<Record<Locale, Words>> = {
  en: { live: (channel) => `${channel} is live` },
  ru: { live: (channel) => `${channel} в эфире` },
};

export const noticeWords = (locale: Locale): Words => WORDS[locale];
