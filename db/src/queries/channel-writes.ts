/** Channels as they come into being and change hands: at the command line, at the first start, and from their owners. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { KeyVault } from "../key-vault.ts";
import type { ChannelRow, Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { users } from "../schema/users.ts";
import { isSlug } from "../slug.ts";
import { makeStreamKey } from "../stream-key.ts";
import { PLACEHOLDER_EMAIL, placeholder, userIdOf } from "./accounts.ts";
import { noSuchChannel, sealed } from "./channel-keys.ts";
import { type ChannelSettings, settingsOf } from "./channel-settings.ts";

export const FIRST_CHANNEL_SLUG = "main";

export interface NewChannel {
  readonly slug: string;
  readonly title: string;
  /** Username of the owner, in any case. Without one and without `userId` the placeholder owns it, until `claimChannel`. */
  readonly username?: string | undefined;
  readonly userId?: number | undefined;
  readonly visibility?: Visibility | undefined;
  readonly settings?: ChannelSettings | undefined;
  readonly description?: string | null | undefined;
  /** Default: a new one of 192 random bits. */
  readonly streamKey?: string;
  /** The owner may have so many channels and no more. */
  readonly limit?: number;
}

export type OwnChannel = Omit<ChannelRow, "streamKeySealed" | "search" | "publishBlockedUntil">;

export const notASlug = () =>
  new DatabaseError(
    "database.constraint",
    "A slug is 1 to 64 lower-case letters, digits, - and _, and begins with a letter or a digit.",
    { constraint: "channels_slug_check" },
  );

/**
 * Returns the row with its stream key: for its owner only. Throws `database.slug-taken`, `database.no-such-user`,
 * `database.too-many-channels`, `database.stream-key-taken`, `database.constraint`.
 */
export const createChannel = guarded(
  async (db: Database, vault: KeyVault, channel: NewChannel): Promise<OwnChannel> => {
    const { username, userId: owner, limit, streamKey = makeStreamKey(), settings, ...values } = channel;
    if (!isSlug(values.slug)) throw notASlug();
    if (streamKey === values.slug || streamKey === "")
      throw new DatabaseError("database.constraint", "A stream key that is the public name would be no secret.", {
        constraint: "channels_stream_key_check",
      });
    return db.transaction(async (tx) => {
      const userId = owner ?? (username === undefined ? await placeholder(tx) : await userIdOf(tx, username));
      if (limit !== undefined) await requireRoom(tx, userId, limit);
      const [row] = await tx
        .insert(channels)
        .values({ ...values, ...settingsOf(settings), userId, ...sealed(vault, streamKey) })
        .returning();
      const { streamKeySealed: _, search: __, publishBlockedUntil: ___, ...own } = row!;
      return { ...own, streamKey };
    });
  },
);

/** Several requests of one owner come one after the other here: the account's row is held until the end of the transaction. */
async function requireRoom(tx: Database, userId: number, limit: number): Promise<void> {
  const [owner] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), users.isActive, isNull(users.deletedAt)))
    .for("no key update");
  if (owner === undefined) throw new DatabaseError("database.no-such-user", "The account is not there any more.");
  const [row] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(channels)
    .where(eq(channels.userId, userId));
  if ((row?.count ?? 0) >= limit)
    throw new DatabaseError(
      "database.too-many-channels",
      `An account has at most ${limit} channels; delete one first.`,
    );
}

export type FirstChannel =
  | { readonly created: true; readonly slug: string; readonly streamKey: string }
  | { readonly created: false };

/** On a database without accounts and channels: makes the channel `main`, ready to publish to. Else does nothing. Safe to call at once from several processes. */
export const ensureFirstChannel = guarded(async (db: Database, vault: KeyVault): Promise<FirstChannel> => {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('streamhub first channel'))`);
    const [any] = await tx.select({ id: users.id }).from(users).limit(1);
    if (any !== undefined) return { created: false };
    const userId = await placeholder(tx);
    const streamKey = makeStreamKey();
    await tx
      .insert(channels)
      .values({ userId, slug: FIRST_CHANNEL_SLUG, title: "Main channel", ...sealed(vault, streamKey) });
    return { created: true, slug: FIRST_CHANNEL_SLUG, streamKey };
  });
});

/**
 * Gives a channel that nobody owns to an account. The placeholder is removed with its last channel. Claiming what one owns already
 * changes nothing. Throws `database.no-such-channel`, `database.no-such-user`, `database.channel-owned`.
 */
export const claimChannel = guarded(async (db: Database, slug: string, username: string): Promise<void> => {
  await db.transaction(async (tx) => {
    const userId = await userIdOf(tx, username);
    const [channel] = await tx
      .select({ id: channels.id, userId: channels.userId, ownerEmail: users.email })
      .from(channels)
      .innerJoin(users, eq(users.id, channels.userId))
      .where(eq(channels.slug, slug))
      .for("update", { of: channels });
    if (channel === undefined) throw noSuchChannel(slug);
    if (channel.userId === userId) return;
    if (channel.ownerEmail !== PLACEHOLDER_EMAIL) {
      throw new DatabaseError("database.channel-owned", `The channel ${slug} belongs to another account.`);
    }
    await tx.update(channels).set({ userId }).where(eq(channels.id, channel.id));
    await tx
      .delete(users)
      .where(
        and(
          eq(users.id, channel.userId),
          sql`not exists (select from ${channels} where ${channels.userId} = ${channel.userId})`,
        ),
      );
  });
});
