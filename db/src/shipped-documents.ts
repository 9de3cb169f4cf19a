/** The texts that come with the software: `db/documents/{locale}/{slug}.md`, the title in the first line. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface DocumentText {
  readonly slug: string;
  readonly locale: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

const FOLDER = join(import.meta.dir, "..", "documents");

export function shippedDocuments(): DocumentText[] {
  return readdirSync(FOLDER)
    .toSorted()
    .flatMap((locale) =>
      readdirSync(join(FOLDER, locale))
        .toSorted()
        .map((name) => {
          const text = readFileSync(join(FOLDER, locale, name), "utf8");
          const end = text.indexOf("\n");
          return {
            slug: name.replace(/\.md$/, ""),
            locale,
            title: text.slice(0, end).replace(/^# /, ""),
            body: text.slice(end).trim(),
          };
        }),
    );
}
