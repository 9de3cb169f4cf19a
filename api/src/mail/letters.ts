/** What letters say, in the languages of the site. Plain text: nothing is loaded, nothing is tracked. */
import type { queries } from "@streamhub/db";
import type { Letter } from "./mailer.ts";

type Locale = queries.NoticeLocale;
type Text = Pick<Letter, "subject" | "text">;

interface Letters {
  readonly reset: (of: { readonly username: string; readonly site: string; readonly link: string }) => Text;
  readonly changed: (of: { readonly username: string; readonly site: string; readonly link: string }) => Text;
  readonly live: (of: {
    readonly channel: string;
    readonly title: string;
    readonly link: string;
    readonly settings: string;
  }) => Text;
}

const EN: Letters = {
  reset: ({ username, site, link }) => ({
    subject: `A new password for ${site}`,
    text: `Hello ${username},

somebody, probably you, asked for a new password at ${site}. Choose it here within an hour:

${link}

If it was not you, you need do nothing: without this link your password stays as it is.
`,
  }),
  changed: ({ username, site, link }) => ({
    subject: `Your password at ${site} was changed`,
    text: `Hello ${username},

the password of your account at ${site} was changed by a link that was sent to this address, and the account was signed out everywhere.

If it was not you, somebody else reads your mail: change the password of your mailbox first, then ask for a new one here:

${link}
`,
  }),
  live: ({ channel, title, link, settings }) => ({
    subject: `${channel} is live`,
    text: `${title === channel ? `${channel} is live.` : `${channel} is live: ${title}`}

Watch: ${link}

You get this letter because you follow this channel and asked to be told by e-mail. To get none: ${settings}
`,
  }),
};

const RU: Letters = {
  reset: ({ username, site, link }) => ({
    subject: `Новый пароль для ${site}`,
    text: `Здравствуйте, ${username}!

Кто-то, скорее всего вы, попросил новый пароль на ${site}. Задайте его здесь в течение часа:

${link}

Если это были не вы, ничего делать не нужно: без этой ссылки пароль останется прежним.
`,
  }),
  changed: ({ username, site, link }) => ({
    subject: `Пароль на ${site} изменён`,
    text: `Здравствуйте, ${username}!

Пароль вашего аккаунта на ${site} изменён по ссылке, отправленной на этот адрес; на всех устройствах выполнен выход.

Если это были не вы, вашу почту читает кто-то ещё: сначала смените пароль почты, затем попросите новый здесь:

${link}
`,
  }),
  live: ({ channel, title, link, settings }) => ({
    subject: `${channel} в эфире`,
    text: `${title === channel ? `${channel} в эфире.` : `${channel} в эфире: ${title}`}

Смотреть: ${link}

Вы получили это письмо, потому что подписаны на канал и попросили сообщать по почте. Чтобы не получать: ${settings}
`,
  }),
};

const LETTERS: Readonly<Record<Locale, Letters>> = { en: EN, ru: RU };

export const lettersIn = (locale: Locale): Letters => LETTERS[locale];
