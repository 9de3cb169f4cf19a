/** Stream keys: the database holds a keyed hash to find a channel by, and the key sealed for its owner's eyes (`key-vault.ts`). */
import { asc, desc, eq, isNotNull, isNull } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { KeyVault } from "../key-vault.ts";
import { channels } from "../schema/channels.ts";
import { users } from "../schema/users.ts";
import { makeStreamKey } from "../stream-key.ts";

/** What a key's channel tells whoever is at the door. */
export const keyColumns = {
  id: channels.id,
  slug: channels.slug,
  title: channels.title,
  visibility: channels.visibility,
  publishBlockedUntil: channels.publishBlockedUntil,
  ownerIsActive: users.isActive,
};

/** The channel of a stream key, whether or not it may go live; null when no channel has it. */
export const findChannelByKey = guarded(async (db: Database, vault: KeyVault, streamKey: string) => {
  const [row] = await db
    .select(keyColumns)
    .from(channels)
    .innerJoin(users, eq(users.id, channels.userId))
    .where(eq(channels.streamKey, vault.hash(streamKey)));
  return row ?? null;
});

/** How the channel of a stream key takes what an encoder sends; null when no channel has it. */
export const channelForEncoder = guarded(async (db: Database, vault: KeyVault, streamKey: string) => {
  const [row] = await db
    .select({ ownerIsActive: users.isActive, latency: channels.latency, remuxer: channels.remuxer })
    .from(channels)
    .innerJoin(users, eq(users.id, channels.userId))
    .where(eq(channels.streamKey, vault.hash(streamKey)));
  return row ?? null;
});

export const noSuchChannel = (slug: string) =>
  new DatabaseError("database.no-such-channel", `There is no channel ${slug}.`);

const UNREADABLE =
  "was sealed with another secret. Set STREAM_KEY_SECRET (or JWT_SECRET, or the file `secret` in DATA_DIR) to what it was then, or make a new key.";

/** What both key columns hold of a key. */
export const sealed = (vault: KeyVault, streamKey: string) => ({
  streamKey: vault.hash(streamKey),
  streamKeySealed: vault.seal(streamKey),
});

interface KeyRow {
  readonly slug: string;
  readonly streamKey: string;
  readonly streamKeySealed: string | null;
}

function openKey(vault: KeyVault, row: KeyRow): string {
  // From before keys were sealed, and the start that seals them has not come by yet.
  if (row.streamKeySealed === null) return row.streamKey;
  const key = vault.open(row.streamKeySealed);
  if (key === null)
    throw new DatabaseError("database.stream-key-unreadable", `The stream key of ${row.slug} ${UNREADABLE}`);
  return key;
}

const keyRow = { slug: channels.slug, streamKey: channels.streamKey, streamKeySealed: channels.streamKeySealed };

/** The stream key of a channel, for its owner only. Throws `database.no-such-channel`, `database.stream-key-unreadable`. */
export const channelKey = guarded(async (db: Database, vault: KeyVault, slug: string): Promise<string> => {
  const [row] = await db.select(keyRow).from(channels).where(eq(channels.slug, slug));
  if (row === undefined) throw noSuchChannel(slug);
  return openKey(vault, row);
});

export interface StreamKeyUse {
  readonly streamKey: string;
  readonly lastUsedAt: Date | null;
  /** Address that last published. */
  readonly lastUsedFrom: string | null;
}

/** The stream key of a channel and its last use, for its owner only; null when there is no such channel. Throws `database.stream-key-unreadable`. */
export const streamKeyOf = guarded(async (db: Database, vault: KeyVault, channelId: number) => {
  const used = { lastUsedAt: channels.streamKeyUsedAt, lastUsedFrom: channels.streamKeyUsedFrom };
  const [row] = await db
    .select({ ...keyRow, ...used })
    .from(channels)
    .where(eq(channels.id, channelId));
  if (row === undefined) return null;
  const use: StreamKeyUse = {
    streamKey: openKey(vault, row),
    lastUsedAt: row.lastUsedAt,
    lastUsedFrom: row.lastUsedFrom,
  };
  return use;
});

/** Inside a transaction that holds the channel: gives it a new key. The old one opens nothing from then on. */
export async function replaceKey(tx: Database, vault: KeyVault, channelId: number): Promise<string> {
  const streamKey = makeStreamKey();
  await tx
    .update(channels)
    .set({ ...sealed(vault, streamKey), streamKeyUsedAt: null, streamKeyUsedFrom: null })
    .where(eq(channels.id, channelId));
  return streamKey;
}

const BATCH = 500;
/** So many keys are tried at a start: one is enough to tell that the secret is another one, unless that channel's was sealed apart. */
const TRIED = 20;

/** Whether none of the newest keys can be read: the secret is not the one that they were sealed with. A key made now would open nothing there. */
export const keysAreForeign = guarded(async (db: Database, vault: KeyVault): Promise<boolean> => {
  const newest = await db
    .select({ streamKeySealed: channels.streamKeySealed })
    .from(channels)
    .where(isNotNull(channels.streamKeySealed))
    .orderBy(desc(channels.updatedAt))
    .limit(TRIED);
  return newest.length > 0 && newest.every((row) => vault.open(row.streamKeySealed ?? "") === null);
});

export interface SealedKeys {
  /** Keys from before keys were sealed, sealed now. */
  readonly sealed: number;
  /** Nothing was sealed, because the secret is not the one of the other keys. No encoder will be let in. */
  readonly foreign: boolean;
}

/** At each start: seals the keys of rows from before keys were sealed. Safe to call at once from several processes. */
export const sealPlainKeys = guarded(async (db: Database, vault: KeyVault): Promise<SealedKeys> => {
  if (await keysAreForeign(db, vault)) return { sealed: 0, foreign: true };
  let count = 0;
  for (;;) {
    const done = await sealSome(db, vault);
    if (done === 0) return { sealed: count, foreign: false };
    count += done;
  }
});

const sealSome = (db: Database, vault: KeyVault): Promise<number> =>
  db.transaction(async (tx) => {
    // Whoever waits here for another process finds the rows sealed afterwards: the condition is looked at again.
    const rows = await tx
      .select({ id: channels.id, streamKey: channels.streamKey })
      .from(channels)
      .where(isNull(channels.streamKeySealed))
      .orderBy(asc(channels.id))
      .limit(BATCH)
      .for("update");
    for (const { id, streamKey } of rows)
      await tx.update(channels).set(sealed(vault, streamKey)).where(eq(channels.id, id));
    return rows.length;
  });
