/** What the command line needs: accounts, channels with their keys, and the channel that a fresh installation starts with. */
import { randomBytes } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { ChannelRow, Role, UserRow, Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { users } from "../schema/users.ts";
import { isSlug } from "../slug.ts";
import { makeStreamKey } from "../stream-key.ts";
import { usernameSkeleton } from "../username.ts";

/**
 * Owns channels that nobody has claimed yet. Known by its address, which no mail can have (RFC 2606 `.invalid`); where others have the hash
 * of a password it has a text that no password has for its hash, so that nobody can ever sign in as it.
 */
export const PLACEHOLDER_USERNAME = "owner";
export const PLACEHOLDER_EMAIL = "owner@placeholder.invalid";
export const FIRST_CHANNEL_SLUG = "main";
/** Stands where a hash would; no verification can succeed against it. */
export const NO_PASSWORD = "!";

export interface NewUser {
  readonly username: string;
  readonly email: string;
  /** argon2id, PHC format. */
  readonly hashedPassword: string;
  readonly role?: Role;
  readonly fullName?: string;
}

export type Account = Omit<UserRow, "hashedPassword" | "usernameSkeleton">;

/** Throws `database.username-taken`, `database.email-taken`, `database.constraint`. */
export const createUser = guarded(async (db: Database, user: NewUser): Promise<Account> => {
  const [row] = await db
    .insert(users)
    .values({ ...user, usernameSkeleton: usernameSkeleton(user.username) })
    .returning();
  const { hashedPassword: _, usernameSkeleton: __, ...account } = row!;
  return account;
});

export interface NewChannel {
  readonly slug: string;
  readonly title: string;
  /** Username of the owner, in any case. Without one the placeholder owns it, until `claimChannel`. */
  readonly username?: string | undefined;
  readonly visibility?: Visibility;
  readonly description?: string;
  /** Default: a new one of 192 random bits. */
  readonly streamKey?: string;
}

/** Returns the whole row, with its stream key: for its owner only. Throws `database.slug-taken`, `database.no-such-user`, `database.constraint`. */
export const createChannel = guarded(async (db: Database, channel: NewChannel): Promise<ChannelRow> => {
  const { username, ...values } = channel;
  if (!isSlug(values.slug)) {
    throw new DatabaseError(
      "database.constraint",
      "A slug is 1 to 64 lower-case letters, digits, - and _, and begins with a letter or a digit.",
      { constraint: "channels_slug_check" },
    );
  }
  return db.transaction(async (tx) => {
    const userId = username === undefined ? await placeholder(tx) : await userIdOf(tx, username);
    const [row] = await tx
      .insert(channels)
      .values({ ...values, userId, streamKey: values.streamKey ?? makeStreamKey() })
      .returning();
    return row!;
  });
});

/** The stream key of a channel. Throws `database.no-such-channel`. */
export const channelKey = guarded(async (db: Database, slug: string): Promise<string> => {
  const [row] = await db.select({ streamKey: channels.streamKey }).from(channels).where(eq(channels.slug, slug));
  if (row === undefined) throw noSuchChannel(slug);
  return row.streamKey;
});

export type FirstChannel =
  | { readonly created: true; readonly slug: string; readonly streamKey: string }
  | { readonly created: false };

/** On a database without accounts and channels: makes the channel `main`, ready to publish to. Else does nothing. Safe to call at once from several processes. */
export const ensureFirstChannel = guarded(async (db: Database): Promise<FirstChannel> => {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('streamhub first channel'))`);
    const [any] = await tx.select({ id: users.id }).from(users).limit(1);
    if (any !== undefined) return { created: false };
    const userId = await placeholder(tx);
    const streamKey = makeStreamKey();
    await tx.insert(channels).values({ userId, slug: FIRST_CHANNEL_SLUG, title: "Main channel", streamKey });
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

const noSuchChannel = (slug: string) => new DatabaseError("database.no-such-channel", `There is no channel ${slug}.`);

async function userIdOf(tx: Database, username: string): Promise<number> {
  const [row] = await tx.select({ id: users.id }).from(users).where(sql`lower(${users.username}) = lower(${username})`);
  if (row === undefined) throw new DatabaseError("database.no-such-user", `There is no account ${username}.`);
  return row.id;
}

/** The placeholder's id; makes it when there is none. Callers are in a transaction, which holds the lock until its end. */
async function placeholder(tx: Database): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('streamhub placeholder'))`);
  const [existing] = await tx.select({ id: users.id }).from(users).where(eq(users.email, PLACEHOLDER_EMAIL));
  if (existing !== undefined) return existing.id;
  const [homonym] = await tx
    .select({ id: users.id })
    .from(users)
    .where(sql`lower(${users.username}) = ${PLACEHOLDER_USERNAME}`);
  const username =
    homonym === undefined ? PLACEHOLDER_USERNAME : `${PLACEHOLDER_USERNAME}-${randomBytes(4).toString("hex")}`;
  const [made] = await tx
    .insert(users)
    .values({ username, email: PLACEHOLDER_EMAIL, hashedPassword: NO_PASSWORD })
    .returning({ id: users.id });
  return made!.id;
}
