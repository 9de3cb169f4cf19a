/** Terms, privacy policy and the like: each text that they ever had, and who agreed to which. */
import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { DocumentRow } from "../model.ts";
import { documentAcceptances, documents, documentVersions } from "../schema/documents.ts";
import type { DocumentText } from "../shipped-documents.ts";

/** What a user agrees to before broadcasting. The others are for information. */
export const DOCUMENTS_TO_ACCEPT: readonly string[] = ["terms", "rules"];
export const DEFAULT_LOCALE = "en";

const versionColumns = {
  slug: documentVersions.slug,
  locale: documentVersions.locale,
  version: documentVersions.version,
  title: documentVersions.title,
};

/** Adds those that are missing, as version 1; what is there stays as it is, edited or not. Safe to call at once from several processes. */
export const ensureDocuments = guarded(async (db: Database, texts: readonly DocumentText[]): Promise<number> => {
  if (texts.length === 0) return 0;
  return db.transaction(async (tx) => {
    const added = await tx
      .insert(documents)
      .values([...texts])
      .onConflictDoNothing()
      .returning({ slug: documents.slug, locale: documents.locale });
    const isNew = (text: DocumentText) =>
      added.some(({ slug, locale }) => slug === text.slug && locale === text.locale);
    if (added.length > 0)
      await tx.insert(documentVersions).values(texts.filter(isNew).map((text) => ({ ...text, version: 1 })));
    return added.length;
  });
});

const summaryColumns = {
  slug: documents.slug,
  locale: documents.locale,
  title: documents.title,
  version: documents.version,
  updatedAt: documents.updatedAt,
};

/** All documents in all languages, without their texts. */
export const listDocuments = guarded((db: Database) =>
  db.select(summaryColumns).from(documents).orderBy(asc(documents.slug), asc(documents.locale)),
);

export type DocumentSummary = Awaited<ReturnType<typeof listDocuments>>[number];

/** One document in all its languages. */
export const getDocument = guarded(
  (db: Database, slug: string): Promise<DocumentRow[]> =>
    db.select().from(documents).where(eq(documents.slug, slug)).orderBy(asc(documents.locale)),
);

/** The versions of a document in a language, newest first, without their texts. */
export const listDocumentVersions = guarded((db: Database, slug: string, locale: string) =>
  db
    .select({ ...versionColumns, createdAt: documentVersions.createdAt })
    .from(documentVersions)
    .where(and(eq(documentVersions.slug, slug), eq(documentVersions.locale, locale)))
    .orderBy(desc(documentVersions.version)),
);

/** A text that a document once had; null when there is no such version. */
export const getDocumentVersion = guarded(async (db: Database, slug: string, locale: string, version: number) => {
  const [row] = await db
    .select({ ...versionColumns, body: documentVersions.body, createdAt: documentVersions.createdAt })
    .from(documentVersions)
    .where(
      and(eq(documentVersions.slug, slug), eq(documentVersions.locale, locale), eq(documentVersions.version, version)),
    );
  return row ?? null;
});

export interface DocumentEdit extends DocumentText {
  readonly editedBy: number;
  /** The version that the editor has read; 0 when there was none. Leave it out to overwrite whatever is there. */
  readonly basedOn?: number | undefined;
}

/** Saves a text as the next version; the same text again is none. Throws `database.document-changed` when `basedOn` is not the latest. */
export const saveDocument = guarded(async (db: Database, edit: DocumentEdit): Promise<DocumentRow> => {
  const { slug, locale, title, body, editedBy, basedOn } = edit;
  return db.transaction(async (tx) => {
    // Two who write the first text at once have no row to lock.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`streamhub document ${slug} ${locale}`}))`);
    const which = and(eq(documents.slug, slug), eq(documents.locale, locale));
    const [present] = await tx.select().from(documents).where(which);
    if (basedOn !== undefined && basedOn !== (present?.version ?? 0)) {
      throw new DatabaseError(
        "database.document-changed",
        `The document has version ${present?.version ?? 0} by now; read it and write on that.`,
      );
    }
    if (present?.title === title && present.body === body) return present;
    const version = (present?.version ?? 0) + 1;
    const [saved] =
      present === undefined
        ? await tx.insert(documents).values({ slug, locale, title, body, version }).returning()
        : await tx.update(documents).set({ title, body, version }).where(which).returning();
    await tx.insert(documentVersions).values({ slug, locale, title, body, version, editedBy });
    return saved!;
  });
});

/** Current versions of the documents that must be accepted, in every language. */
const currentVersions = (db: Database, slugs: readonly string[]) =>
  db
    .select({ id: documentVersions.id, ...versionColumns })
    .from(documentVersions)
    .innerJoin(
      documents,
      and(
        eq(documents.slug, documentVersions.slug),
        eq(documents.locale, documentVersions.locale),
        eq(documents.version, documentVersions.version),
      ),
    )
    .where(inArray(documentVersions.slug, [...slugs]))
    .orderBy(asc(documentVersions.slug), asc(documentVersions.locale));

type CurrentVersion = Awaited<ReturnType<typeof currentVersions>>[number];

/** Of each document the one in the wanted language, else in the default one, else in any. */
function inLocale(rows: readonly CurrentVersion[], locale: string): CurrentVersion[] {
  return [...new Set(rows.map(({ slug }) => slug))].flatMap((slug) => {
    const own = rows.filter((row) => row.slug === slug);
    const found =
      own.find((row) => row.locale === locale) ?? own.find((row) => row.locale === DEFAULT_LOCALE) ?? own[0];
    return found === undefined ? [] : [found];
  });
}

/** Writes down that a user agrees to the current versions, as shown in a language: at registration, in its transaction. */
export const recordAcceptance = guarded(
  async (db: Database, userId: number, locale: string = DEFAULT_LOCALE): Promise<void> => {
    const accepted = inLocale(await currentVersions(db, DOCUMENTS_TO_ACCEPT), locale);
    if (accepted.length === 0) return;
    await db
      .insert(documentAcceptances)
      .values(accepted.map(({ id }) => ({ userId, versionId: id })))
      .onConflictDoNothing();
  },
);

export interface AcceptedVersion {
  readonly slug: string;
  readonly locale: string;
  readonly version: number;
}

/** The same for named versions. Throws `database.document-changed`, and writes nothing, when one of them is not the current one. */
export const acceptDocuments = guarded(
  async (db: Database, userId: number, accepted: readonly AcceptedVersion[]): Promise<void> => {
    const current = await currentVersions(
      db,
      accepted.map(({ slug }) => slug),
    );
    const ids = accepted.map(({ slug, locale, version }) => {
      const row = current.find((each) => each.slug === slug && each.locale === locale && each.version === version);
      if (row === undefined)
        throw new DatabaseError(
          "database.document-changed",
          `Version ${version} of ${slug} (${locale}) is not the current one; read it again.`,
        );
      return row.id;
    });
    await db
      .insert(documentAcceptances)
      .values(ids.map((versionId) => ({ userId, versionId })))
      .onConflictDoNothing();
  },
);

/** What a user agreed to, newest first. */
export const listAcceptances = guarded((db: Database, userId: number) =>
  db
    .select({ ...versionColumns, acceptedAt: documentAcceptances.acceptedAt })
    .from(documentAcceptances)
    .innerJoin(documentVersions, eq(documentVersions.id, documentAcceptances.versionId))
    .where(eq(documentAcceptances.userId, userId))
    .orderBy(desc(documentAcceptances.id)),
);

/** What a user has yet to agree to: documents of which no language's current version was accepted. */
export const pendingAcceptances = guarded(async (db: Database, userId: number, locale: string) => {
  const current = await currentVersions(db, DOCUMENTS_TO_ACCEPT);
  const known = await db
    .select({ versionId: documentAcceptances.versionId })
    .from(documentAcceptances)
    .where(eq(documentAcceptances.userId, userId));
  const ids = new Set(known.map(({ versionId }) => versionId));
  const done = new Set(current.filter(({ id }) => ids.has(id)).map(({ slug }) => slug));
  return inLocale(
    current.filter(({ slug }) => !done.has(slug)),
    locale,
  ).map(({ id: _, ...version }) => version);
});
