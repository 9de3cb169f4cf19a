import { queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { requireAdmin } from "../auth/policy.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import type { Services } from "../services.ts";
import { chooseLocale } from "./locale.ts";
import { renderMarkdown } from "./markdown.ts";

/** How a reader says which language they want. */
export interface Wanted {
  readonly locale: string | undefined;
  readonly acceptLanguage: string | null;
}

/** What can't be a name is not asked for: PostgreSQL refuses some texts, such as one with a NUL, with an error. */
const isName = (slug: string): boolean => /^[a-z0-9][a-z0-9-]{0,63}$/.test(slug);
/** Addresses of their own below /api/documents. */
const RESERVED = new Set(["acceptances", "preview"]);
const MAX_RENDERED = 100;

export function documentService({ db }: Services) {
  /** Rendering costs milliseconds, and texts change once a year. */
  const rendered = new Map<string, string>();

  function htmlOf(body: string): string {
    const known = rendered.get(body);
    if (known !== undefined) return known;
    const html = renderMarkdown(body);
    rendered.set(body, html);
    if (rendered.size > MAX_RENDERED) rendered.delete(rendered.keys().next().value!);
    return html;
  }

  const choose = (locales: readonly string[], { locale, acceptLanguage }: Wanted) =>
    chooseLocale(locales, queries.DEFAULT_LOCALE, locale, acceptLanguage);

  async function find(slug: string, wanted: Wanted) {
    const rows = isName(slug) ? await queries.getDocument(db, slug) : [];
    if (rows.length === 0) throw new AppError("document.not-found");
    const locales = rows.map(({ locale }) => locale);
    const locale = choose(locales, wanted);
    return { row: rows.find((each) => each.locale === locale)!, locales };
  }

  async function acceptances(actor: Actor, wanted: Wanted) {
    const accepted = await queries.listAcceptances(db, actor.userId);
    const locale = choose([...new Set([queries.DEFAULT_LOCALE, wanted.locale ?? "", "ru"])], wanted);
    return { accepted: accepted.map(toJson), pending: await queries.pendingAcceptances(db, actor.userId, locale) };
  }

  return {
    /** One entry per document, in the language that the reader wants most. */
    async list(wanted: Wanted) {
      const rows = await queries.listDocuments(db);
      const items = [...new Set(rows.map(({ slug }) => slug))].map((slug) => {
        const own = rows.filter((row) => row.slug === slug);
        const locales = own.map(({ locale }) => locale);
        const locale = choose(locales, wanted);
        return { ...toJson(own.find((row) => row.locale === locale)!), locales };
      });
      return { items };
    },
    async get(slug: string, wanted: Wanted) {
      const { row, locales } = await find(slug, wanted);
      return { ...toJson(row), locales, html: htmlOf(row.body) };
    },
    async versions(slug: string, wanted: Wanted) {
      const { row } = await find(slug, wanted);
      return { items: (await queries.listDocumentVersions(db, slug, row.locale)).map(toJson), locale: row.locale };
    },
    async version(slug: string, version: number, wanted: Wanted) {
      const { row } = await find(slug, wanted);
      const known = version > 0 && version <= row.version;
      const text = known ? await queries.getDocumentVersion(db, slug, row.locale, version) : null;
      if (text === null) throw new AppError("document.not-found");
      return { ...toJson(text), html: htmlOf(text.body) };
    },
    async save(actor: Actor, edit: Omit<queries.DocumentEdit, "editedBy">) {
      requireAdmin(actor);
      if (RESERVED.has(edit.slug)) throw new AppError("document.not-found");
      await queries.saveDocument(db, { ...edit, editedBy: actor.userId });
      const { row, locales } = await find(edit.slug, { locale: edit.locale, acceptLanguage: null });
      return { ...toJson(row), locales, html: htmlOf(row.body) };
    },
    /** As it would be shown; nothing is saved. */
    preview(actor: Actor, body: string) {
      requireAdmin(actor);
      return { html: renderMarkdown(body) };
    },
    acceptances,
    async accept(actor: Actor, documents: readonly queries.AcceptedVersion[], wanted: Wanted) {
      const plain = documents.every(({ slug, locale }) => isName(slug) && isName(locale));
      if (!plain) throw new AppError("document.not-found");
      await queries.acceptDocuments(db, actor.userId, documents);
      return acceptances(actor, wanted);
    },
  };
}
