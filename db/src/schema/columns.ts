import { type SQLWrapper, sql } from "drizzle-orm";
import { customType, timestamp } from "drizzle-orm/pg-core";

/** timestamptz in milliseconds: exactly what a JavaScript `Date` holds, so that a value read, written back or put in a cursor is the same one. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

export const createdAt = () => instant("created_at").notNull().defaultNow();

export const updatedAt = () =>
  instant("updated_at")
    .notNull()
    .defaultNow()
    .$onUpdate(() => sql`now()`);

/**
 * Letters by their sound in ASCII, one for one, for comparing by trigrams: pg_trgm knows only the letters of the database's LC_CTYPE, which in
 * the embedded one are a to z. So a typo is forgiven in Russian too, and Музыка is found by "muzyka". What has no letter here is taken away.
 */
const LETTERS: readonly (readonly [string, string])[] = [
  ["абвгдеёжзийклмнопрстуфхцчшщыэюя", "abvgdeejziiklmnoprstufhc4wwyeuq"],
  ["АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЫЭЮЯ", "abvgdeejziiklmnoprstufhc4wwyeuq"],
  ["іїєґўІЇЄҐЎ", "iieguiiegu"],
  ["àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ", "aaaaaaceeeeiiiinoooooouuuuyy"],
  ["ъьЪЬ", ""],
];
const SOUNDS = LETTERS.map(([from]) => from).join("");
const ASCII = LETTERS.map(([, to]) => to).join("");

/** An expression of SQL text. The trigram indexes are made of it, so a query must say exactly the same. */
export const searchLetters = (text: SQLWrapper) =>
  sql`translate(lower(${text}), ${sql.raw(`'${SOUNDS}', '${ASCII}'`)})`;

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

const multirange = customType<{ data: string }>({ dataType: () => "int4multirange" });

/** A set of whole numbers that is small while they lie together: `{[0,17),[40,41)}`. */
export const numberSet = (name: string) => multirange(name).notNull().default("{}");

/** Words of `title` and `description`, stemmed as English and as Russian, the title's weighing more. Kept by the database itself. */
export const searchVector = (name: string) =>
  tsvector(name).generatedAlwaysAs(
    sql.raw(
      ["english", "russian"]
        .flatMap((language) => [
          `setweight(to_tsvector('${language}', "title"), 'A')`,
          `setweight(to_tsvector('${language}', coalesce("description", '')), 'B')`,
        ])
        .join(" || "),
    ),
  );
