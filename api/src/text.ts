/**
 * Text that people type in: one place says which characters and lengths are taken and how they are written down. A schema refuses what
 * can't be shown honestly (422 with the field's name) and its decoder gives the normal form (NFC, trimmed) to the service.
 *
 * Refused everywhere: control characters (PostgreSQL can't hold NUL, logs should not hold ESC), halves of surrogate pairs, and bidirectional
 * overrides, embeddings and isolates, which make text read as another one. Taken out: what has no width and joins nothing.
 */

import { FormatRegistry, type TSchema, type TString, type TTransform } from "@sinclair/typebox";
import { usernameSkeleton } from "@streamhub/db";
import { t } from "elysia";

const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;
const NONCHARACTERS = /\p{Noncharacter_Code_Point}/u;
/** More marks on one letter than any language has: they climb over the neighbouring lines. */
const MARK_TOWER = /\p{M}{9}/u;
/** No width, no meaning: soft hyphen, zero-width space, word joiner, byte order mark and their like. */
const INVISIBLE =
  /\u034f|\u17b4|\u17b5|\u180b|\u180c|\u180d|[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]/gu;
/** Joiners make emoji and the letters of Persian and Indian scripts; beside these letters they only hide. */
const IDLE_JOINERS =
  /(?<=(?:^|[\s\p{P}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Nd}])[\p{M}\u200c\u200d]{0,16})[\u200c\u200d]+|[\u200c\u200d]+(?=\s|$)/gu;
/** Tags spell regional flags behind a black flag; anywhere else they are hidden text. */
const IDLE_TAGS = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0000}-\u{e007f}]/gu;
const SOMETHING_TO_SEE = /[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800\p{M}]/u;

/** Composed before joiners are looked at: a letter and its mark are one letter. */
const visible = (text: string) =>
  text.replace(INVISIBLE, "").replace(IDLE_TAGS, "").normalize("NFC").replace(IDLE_JOINERS, "");

const isHonest = (text: string) =>
  text.isWellFormed() && !BIDI_CONTROLS.test(text) && !NONCHARACTERS.test(text) && !MARK_TOWER.test(text);

/** One line: a title, a person's name. */
export const toLine = (text: string): string => visible(text).normalize("NFC").replace(/\s+/g, " ").trim();

/** Paragraphs: a description. Line breaks are `\n`, never more than two empty lines in a row. */
export const toBlock = (text: string): string =>
  visible(text)
    .normalize("NFC")
    .replace(LINE_BREAKS, "\n")
    .replace(/[^\S\n]+$/gm, "")
    .replace(/\n{4,}/g, "\n\n\n")
    .trim();

const isLine = (text: string) => isHonest(text) && !CONTROLS.test(text) && !/[\u2028\u2029]/.test(text);
const isBlock = (text: string) => isHonest(text) && !CONTROLS.test(text.replace(/[\n\r\t\u0085]/g, ""));

interface TextRule {
  /** Of the normal form, counted as JavaScript does. */
  readonly max: number;
  /** Whether nothing, or nothing to see, will do. */
  readonly blank?: boolean;
  /** For the API's document. */
  readonly description?: string;
  /** What a text that is refused should have been. */
  readonly wish?: string;
}

const WISHES = new Map<string, string>();

/** What a text of a format of ours must be, for people; the format's name means nothing to them. */
export const wishOf = (format: string | undefined): string | undefined =>
  format === undefined ? undefined : WISHES.get(format);

type Text = TTransform<TString, string>;

function textSchema(
  name: string,
  { max, blank = false, description, wish }: TextRule,
  accepts: (text: string) => boolean,
  normal: (text: string) => string,
): Text {
  const format = `${name}-${blank ? 0 : 1}-${max}`;
  const about = description ?? wish;
  WISHES.set(format, wish ?? `Expected readable text of ${blank ? "at most" : "1 to"} ${max} characters`);
  // The normal form can be longer than what was typed (a letter that is written as two), and a column's limit is a refusal, not an error.
  FormatRegistry.Set(format, (text) => {
    if (text.length > max || !accepts(text)) return false;
    const form = normal(text);
    return form.length <= max && (blank || SOMETHING_TO_SEE.test(form));
  });
  return t
    .Transform(
      t.String({
        format,
        ...(blank ? {} : { minLength: 1 }),
        maxLength: max,
        ...(about === undefined ? {} : { description: about }),
      }),
    )
    .Decode(normal)
    .Encode((text) => text);
}

/** One line of at most `max` characters. */
export const lineText = (rule: TextRule): Text => textSchema("line", rule, isLine, toLine);
/** Several lines of at most `max` characters together. */
export const blockText = (rule: TextRule): Text => textSchema("text", rule, isBlock, toBlock);

/** For a search box or another text that is compared and never stored. */
export const searchText = (max = 100): Text => textSchema("search", { max, blank: true }, isLine, toLine);

export const TitleText = lineText({ max: 200 });
/** Nothing at all is a description too. */
export const DescriptionText = blockText({ max: 5_000, blank: true });

/** A field that may be null; an empty text means null as well. */
export const nullable = <S extends TSchema>(schema: S) => t.Union([schema, t.Null()]);
export const orNull = (text: string | null | undefined): string | null | undefined => (text === "" ? null : text);

export const USERNAME_MAX = 50;
/** Letters of any script with their marks, digits, and `_ . -` between them. */
const USERNAME = /^[\p{L}\p{Nd}]\p{M}{0,2}(?:[_.-]?[\p{L}\p{Nd}]\p{M}{0,2})+$/u;

/** NFKC: full-width and other styled letters are the plain ones. */
export const toUsername = (text: string): string => text.normalize("NFKC").trim();
export const isUsername = (text: string): boolean => {
  const name = text.isWellFormed() ? toUsername(text) : "";
  return name.length <= USERNAME_MAX && USERNAME.test(name) && !/\p{Default_Ignorable_Code_Point}/u.test(name);
};

export const UsernameText: Text = textSchema(
  "username",
  { max: USERNAME_MAX, wish: "2 to 50 letters and digits of any language, with single _ . - between them" },
  isUsername,
  toUsername,
);

/** More than a skeleton: ADMIN in capitals, with an l for the I, or adm1n. */
function bareShape(username: string): string {
  return usernameSkeleton(username.toLowerCase()).replaceAll("i", "l");
}

const RESERVED = new Set(
  (
    "admin administrator moderator mod root system sysadmin support help helpdesk staff team official security abuse " +
    "postmaster webmaster hostmaster noreply streamhub owner api live vod uploads assets static www rtmp metrics health " +
    "login logout register signup settings account me self null undefined anonymous guest deleted unknown nobody everyone"
  )
    .split(" ")
    .map(bareShape),
);

/** Names that would speak for the site; whatever only looks like one of them is one. The command line may give them out. */
export const isReservedUsername = (username: string): boolean => RESERVED.has(bareShape(username));

/** Something before the @, a host name after it; the letters may be of any script (RFC 6531). Whether mail arrives, only a mail could tell. */
const EMAIL =
  /^[^\s@"(),:;<>[\\\]\p{C}]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}\p{M}-]{2,}$/u;

/** The host's case means nothing; the mailbox keeps the case that its owner gave it. */
export function toEmail(text: string): string {
  const address = text.normalize("NFC").trim();
  const at = address.lastIndexOf("@");
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

/** `.invalid` names nobody (RFC 2606): accounts that nobody may have are kept there. */
export const isEmail = (text: string): boolean => {
  const address = toEmail(text);
  return isHonest(text) && address.length <= 100 && EMAIL.test(address) && !address.endsWith(".invalid");
};

export const EmailText: Text = textSchema(
  "email-address",
  { max: 100, wish: "An e-mail address of at most 100 characters" },
  isEmail,
  toEmail,
);

export const PASSWORD_MIN = 8;
/** argon2 takes any length; more than this is a mistake or an attack on our memory. */
export const PASSWORD_MAX = 1024;

/** The same keys on two keyboards may send a letter composed or in parts (RFC 8265 §4.2: NFC). Spaces and case stay. */
export const toPassword = (text: string): string => text.normalize("NFC");
export const isPassword = (text: string): boolean =>
  text.isWellFormed() && !CONTROLS.test(text) && [...toPassword(text)].length >= PASSWORD_MIN;

/** A new password. Signing in takes any text instead: what no account can have is simply wrong. */
export const NewPasswordText: Text = textSchema(
  "new-password",
  { max: PASSWORD_MAX, blank: true, wish: `${PASSWORD_MIN} to ${PASSWORD_MAX} characters` },
  isPassword,
  toPassword,
);
