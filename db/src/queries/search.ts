/**
 * Full-text search in English and Russian over titles and descriptions, and typos forgiven in titles. Quotes, `or` and `-word` work as in a web
 * search (websearch_to_tsquery, which takes any text). Its texts are parameters and no pattern is matched: nothing in them has a special meaning.
 */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { searchLetters } from "../schema/columns.ts";

/** Most of a title's word must be there: "хокей" finds Хоккей, "chase" no chess. */
const SIMILAR = 0.5;
const CYRILLIC = /\p{Script=Cyrillic}/u;
/** One or two letters are like too much. */
const TOO_SHORT = /^(?:[^\p{L}\p{N}]*[\p{L}\p{N}]){0,2}[^\p{L}\p{N}]*$/u;
/** Whoever quotes or excludes means it: no typos are forgiven then. */
const EXACT = /["“”«»]|(?:^|\s)-/u;

export interface Search {
  readonly where: SQL;
  /** How well a row fits, a whole number that other rows do not change: a list can be cut at it. */
  readonly score: SQL<number>;
}

export interface Searchable {
  readonly search: SQLWrapper;
  readonly title: SQLWrapper;
}

/** Null when there is nothing to look for. A query with it runs inside `searching`. */
export function searchFor(table: Searchable, text: string | undefined): Search | null {
  const words = text?.replaceAll("\0", "").trim() ?? "";
  if (words === "") return null;
  // The Russian configuration stems Latin words as English ones, so a text with both is in good hands there.
  const language = CYRILLIC.test(words) ? sql.raw("'russian'::regconfig") : sql.raw("'english'::regconfig");
  const query = sql`websearch_to_tsquery(${language}, ${words.replace(/[“”«»]/gu, '"')}::text)`;
  const rank = sql`ts_rank(${table.search}, ${query})`;
  const matches = sql`${table.search} @@ ${query}`;
  if (EXACT.test(words) || TOO_SHORT.test(words))
    return { where: matches, score: sql<number>`(1000000 * ${rank})::int` };
  const [title, typed] = [searchLetters(table.title), searchLetters(sql`${words}::text`)];
  return {
    where: sql`(${matches} or ${typed} <% ${title})`,
    score: sql<number>`(1000000 * (${rank} + word_similarity(${typed}, ${title})))::int`,
  };
}

/** The operator `<%`, which can use the index, takes its threshold from a setting. */
export const searching = <T>(db: Database, search: Search | null, read: (db: Database) => Promise<T>): Promise<T> =>
  search === null
    ? read(db)
    : db.transaction(async (tx) => {
        await tx.execute(sql`set local pg_trgm.word_similarity_threshold = ${sql.raw(String(SIMILAR))}`);
        return read(tx);
      });
