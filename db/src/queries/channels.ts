/** Public reads of channels: never the stream key, never a private channel. */
import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { users } from "../schema/users.ts";
import { clampLimit, decodeCursor, type Page, type PageRequest, toPage } from "./cursor.ts";

/** The columns that everyone may see, listed so that a new secret column stays out by default. */
const columns = {
  id: channels.id,
  slug: channels.slug,
  title: channels.title,
  description: channels.description,
  thumbnailUrl: channels.thumbnailUrl,
  visibility: channels.visibility,
  isLive: channels.isLive,
  viewersCount: channels.viewersCount,
  createdAt: channels.createdAt,
  updatedAt: channels.updatedAt,
  owner: { id: users.id, username: users.username, fullName: users.fullName, avatarUrl: users.avatarUrl },
};

const select = (db: Database) => db.select(columns).from(channels).innerJoin(users, eq(users.id, channels.userId));

export type PublicChannel = Awaited<ReturnType<typeof select>>[number];

/** Public channels, newest first. */
export const listChannels = guarded(async (db: Database, request: PageRequest): Promise<Page<PublicChannel>> => {
  const limit = clampLimit(request.limit);
  const after = decodeCursor(request.cursor, 1);
  const rows = await select(db)
    .where(and(eq(channels.visibility, "public"), after === null ? undefined : lt(channels.id, after[0]!)))
    .orderBy(desc(channels.id))
    .limit(limit + 1);
  return toPage(rows, limit, (row) => [row.id]);
});

/** By id: public and unlisted ones; null for others. */
export const getChannel = guarded(async (db: Database, id: number): Promise<PublicChannel | null> => {
  if (!isId(id)) return null;
  const [row] = await select(db).where(and(eq(channels.id, id), inArray(channels.visibility, ["public", "unlisted"])));
  return row ?? null;
});

/** By public name: public and unlisted ones; null for others. */
export const getChannelBySlug = guarded(async (db: Database, slug: string): Promise<PublicChannel | null> => {
  const [row] = await select(db).where(
    and(eq(channels.slug, slug), inArray(channels.visibility, ["public", "unlisted"])),
  );
  return row ?? null;
});

/** Whether a number can be an id at all: PostgreSQL's integer would refuse others with an error. */
export const isId = (id: number): boolean => Number.isInteger(id) && id > 0 && id < 2 ** 31;
