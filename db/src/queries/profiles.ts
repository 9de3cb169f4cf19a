/** Accounts as people see them, and how they change, rest and end. No hash of a password is among their columns. */
import { and, asc, eq, ilike, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { Role, SessionRow } from "../model.ts";
import { apiTokens } from "../schema/api-tokens.ts";
import { auditLog } from "../schema/audit-log.ts";
import { channels } from "../schema/channels.ts";
import { chatMessages, chatModerators } from "../schema/chat.ts";
import { follows } from "../schema/follows.ts";
import { idempotencyKeys } from "../schema/idempotency-keys.ts";
import { mailNotices } from "../schema/mail-notices.ts";
import { passwordResets } from "../schema/password-resets.ts";
import { sessions } from "../schema/sessions.ts";
import { statisticsViewers } from "../schema/statistics.ts";
import { streamViews } from "../schema/stream-views.ts";
import { users } from "../schema/users.ts";
import { webhooks } from "../schema/webhooks.ts";
import type { StreamName } from "../stream-events.ts";
import { usernameSkeleton } from "../username.ts";
import { NO_PASSWORD } from "./accounts.ts";
import { deleteChannel, endLive, holdChannel } from "./channel-changes.ts";
import { isId } from "./channels.ts";
import { clampLimit, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";

const columns = {
  id: users.id,
  username: users.username,
  email: users.email,
  fullName: users.fullName,
  avatarUrl: users.avatarUrl,
  bio: users.bio,
  role: users.role,
  isActive: users.isActive,
  createdAt: users.createdAt,
  updatedAt: users.updatedAt,
};

const select = (db: Database) => db.select(columns).from(users);

/** The e-mail address is for the account's owner and administrators. */
export type Profile = Awaited<ReturnType<typeof select>>[number];

/** By id, inactive ones too; null for none, or one that was deleted. */
export const getProfile = guarded(async (db: Database, id: number): Promise<Profile | null> => {
  if (!isId(id)) return null;
  const [row] = await select(db).where(and(eq(users.id, id), isNull(users.deletedAt)));
  return row ?? null;
});

export interface ProfileListRequest extends PageRequest {
  /** Part of a username, full name or e-mail address. */
  readonly q?: string | undefined;
  readonly role?: Role | undefined;
  readonly isActive?: boolean | undefined;
}

const literally = (text: string) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;

/** A page of accounts, the newest first: for administrators. */
export const listProfiles = guarded(async (db: Database, request: ProfileListRequest): Promise<Page<Profile>> => {
  const { q = "", role, isActive } = request;
  const limit = clampLimit(request.limit);
  const tag = 1;
  const order = { tag, by: users.id, kind: "number", direction: "desc" } as const;
  const { where, orderBy, sortKey } = ordered(order, users.id, request.cursor);
  const part = literally(q);
  const rows = await db
    .select({ ...columns, sortKey })
    .from(users)
    .where(
      and(
        isNull(users.deletedAt),
        q === "" ? undefined : or(ilike(users.username, part), ilike(users.fullName, part), ilike(users.email, part)),
        role === undefined ? undefined : eq(users.role, role),
        isActive === undefined ? undefined : eq(users.isActive, isActive),
        where,
      ),
    )
    .orderBy(orderBy)
    .limit(limit + 1);
  return toOrderedPage(rows, limit, tag);
});

/**
 * Inside a transaction: holds all administrators' rows, in the order of their ids, so that of two who remove each other one is refused.
 * Throws `database.last-admin` when nobody would be left.
 */
async function requireAnotherAdmin(tx: Database, id: number): Promise<void> {
  const admins = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), users.isActive, isNull(users.deletedAt)))
    .orderBy(asc(users.id))
    .for("update");
  const last = admins.length === 1 && admins[0]?.id === id;
  if (last) throw new DatabaseError("database.last-admin", "This is the last administrator: make another one first.");
}

/** Inside a transaction: an account that was not deleted, held until its end. Taken before any channel. */
async function holdUser(tx: Database, id: number, losesAdmin: boolean) {
  if (losesAdmin) await requireAnotherAdmin(tx, id);
  const [row] = await tx
    .select({ id: users.id, isActive: users.isActive, avatarUrl: users.avatarUrl })
    .from(users)
    .where(and(eq(users.id, id), isNull(users.deletedAt)))
    .for("update");
  return row ?? null;
}

const channelsOf = async (tx: Database, userId: number): Promise<readonly number[]> => {
  const rows = await tx
    .select({ id: channels.id })
    .from(channels)
    .where(eq(channels.userId, userId))
    .orderBy(asc(channels.id));
  return rows.map((row) => row.id);
};

export interface ProfileChange {
  readonly username?: string | undefined;
  readonly fullName?: string | null | undefined;
  readonly bio?: string | null | undefined;
  /** The picture is taken away; a new one comes with `setAvatar`. */
  readonly avatarUrl?: null | undefined;
  readonly role?: Role | undefined;
  readonly isActive?: boolean | undefined;
  /** Why its sessions end when the account is made inactive. */
  readonly revokedFor?: NonNullable<SessionRow["revokedFor"]>;
}

export interface ChangedProfile {
  /** What was live on its channels: an inactive account doesn't publish. The caller tells the bus. */
  readonly ended: readonly StreamName[];
  /** Addresses of pictures that nothing refers to any more. */
  readonly pictures: readonly string[];
  /** Streams that are gone and may have a recording; it has to go, too. */
  readonly streamIds: readonly number[];
}

/** Null when there is no such account. Throws `database.username-taken`, `database.last-admin`. */
export const updateProfile = guarded(
  async (db: Database, id: number, change: ProfileChange): Promise<ChangedProfile | null> => {
    if (!isId(id)) return null;
    const { revokedFor = "admin", ...values } = change;
    const losesAdmin = values.isActive === false || (values.role !== undefined && values.role !== "admin");
    return db.transaction(async (tx) => {
      const held = await holdUser(tx, id, losesAdmin);
      if (held === null) return null;
      const { username } = values;
      const name = username === undefined ? {} : { usernameSkeleton: usernameSkeleton(username) };
      await tx
        .update(users)
        .set({ ...values, ...name, updatedAt: sql`now()` })
        .where(eq(users.id, id));
      const pictures = values.avatarUrl === null && held.avatarUrl !== null ? [held.avatarUrl] : [];
      if (values.isActive !== false || !held.isActive) return { ended: [], pictures, streamIds: [] };
      await tx
        .update(sessions)
        .set({ revokedAt: sql`now()`, revokedFor })
        .where(and(eq(sessions.userId, id), isNull(sessions.revokedAt)));
      const ended: StreamName[] = [];
      for (const channelId of await channelsOf(tx, id)) {
        const stream = (await holdChannel(tx, channelId)) === null ? null : await endLive(tx, channelId);
        if (stream !== null) ended.push(stream);
      }
      return { ended, pictures, streamIds: [] };
    });
  },
);

/** A name that nobody can register or be given at the command line: the column is unique and never empty. */
const namelessAs = (id: number) => ({ username: `(deleted ${id})`, email: `deleted-${id}@deleted.invalid` });

/**
 * Ends an account: its channels go with their streams, views and statistics, live broadcasts end first; name, address, picture, sessions and
 * whatever else tells who it was are removed. The row stays, without a name, for what refers to it. Null when there is no such account.
 * Throws `database.last-admin`.
 */
export const deleteAccount = guarded(async (db: Database, id: number): Promise<ChangedProfile | null> => {
  if (!isId(id)) return null;
  return db.transaction(async (tx) => {
    const held = await holdUser(tx, id, true);
    if (held === null) return null;
    const ended: StreamName[] = [];
    const pictures: string[] = held.avatarUrl === null ? [] : [held.avatarUrl];
    const streamIds: number[] = [];
    for (const channelId of await channelsOf(tx, id)) {
      const deleted = await deleteChannel(tx, channelId);
      if (deleted === null) continue;
      if (deleted.ended !== null) ended.push(deleted.ended);
      pictures.push(...deleted.pictures);
      streamIds.push(...deleted.streamIds);
    }
    // With their addresses and devices; refresh tokens go with them.
    await tx.delete(sessions).where(eq(sessions.userId, id));
    await tx.delete(apiTokens).where(eq(apiTokens.userId, id));
    await tx.delete(webhooks).where(eq(webhooks.userId, id));
    // What it did stays written down, without where from.
    await tx.update(auditLog).set({ address: null }).where(eq(auditLog.userId, id));
    await tx.delete(follows).where(eq(follows.userId, id));
    await tx.delete(mailNotices).where(eq(mailNotices.userId, id));
    await tx.delete(passwordResets).where(eq(passwordResets.userId, id));
    // What they said goes too; bans stay, with the browsers that were used.
    await tx.delete(chatMessages).where(eq(chatMessages.userId, id));
    await tx.delete(chatModerators).where(eq(chatModerators.userId, id));
    await tx.delete(idempotencyKeys).where(eq(idempotencyKeys.userId, id));
    // Views keep counting, as those of nobody in particular.
    await tx.delete(statisticsViewers).where(eq(statisticsViewers.userId, id));
    await tx.update(streamViews).set({ userId: null }).where(eq(streamViews.userId, id));
    const nothing = { usernameSkeleton: null, hashedPassword: NO_PASSWORD, fullName: null, avatarUrl: null, bio: null };
    await tx
      .update(users)
      .set({
        ...namelessAs(id),
        ...nothing,
        role: "user",
        isActive: false,
        deletedAt: sql`now()`,
        updatedAt: sql`now()`,
      })
      .where(eq(users.id, id));
    return { ended, pictures, streamIds };
  });
});
