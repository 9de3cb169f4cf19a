/** Which picture an account, a channel or a stream shows. The files are the API's; here are their addresses. */
import { and, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";
import { announceStream } from "./webhook-messages.ts";

export interface ReplacedPicture {
  /** The address that nothing refers to any more; null when there was none. */
  readonly replaced: string | null;
}

/** `url` null takes the picture away. Null when there is no such account. */
export const setAvatar = guarded(
  async (db: Database, userId: number, url: string | null): Promise<ReplacedPicture | null> => {
    if (!isId(userId)) return null;
    return db.transaction(async (tx) => {
      const which = and(eq(users.id, userId), isNull(users.deletedAt));
      const [row] = await tx.select({ replaced: users.avatarUrl }).from(users).where(which).for("no key update");
      if (row === undefined) return null;
      await tx.update(users).set({ avatarUrl: url, updatedAt: sql`now()` }).where(which);
      return row;
    });
  },
);

/** Null when there is no such channel. */
export const setChannelThumbnail = guarded(
  async (db: Database, channelId: number, url: string | null): Promise<ReplacedPicture | null> => {
    if (!isId(channelId)) return null;
    return db.transaction(async (tx) => {
      const which = eq(channels.id, channelId);
      const [row] = await tx.select({ replaced: channels.thumbnailUrl }).from(channels).where(which).for("update");
      if (row === undefined) return null;
      await tx.update(channels).set({ thumbnailUrl: url, updatedAt: sql`now()` }).where(which);
      return row;
    });
  },
);

/** Null when there is no such stream. */
export const setStreamCover = guarded(
  async (db: Database, streamId: number, url: string | null): Promise<ReplacedPicture | null> => {
    if (!isId(streamId)) return null;
    return db.transaction(async (tx) => {
      const which = eq(streams.id, streamId);
      const [row] = await tx.select({ replaced: streams.coverImageUrl }).from(streams).where(which).for("update");
      if (row === undefined) return null;
      await tx.update(streams).set({ coverImageUrl: url, updatedAt: sql`now()` }).where(which);
      await announceStream(tx, "stream.updated", streamId);
      return row;
    });
  },
);

/**
 * What shows a stream that has no picture of its owner's choice. `replaced`: the address given here before, if any. False: it has another one, or is
 * gone, and shows none of these.
 */
export const setStreamThumbnail = guarded(
  async (db: Database, streamId: number, url: string, replaced: string | null): Promise<boolean> => {
    const rows = await db
      .update(streams)
      .set({ thumbnailUrl: url, updatedAt: sql`now()` })
      .where(
        and(
          eq(streams.id, streamId),
          or(isNull(streams.thumbnailUrl), replaced === null ? undefined : eq(streams.thumbnailUrl, replaced)),
        ),
      )
      .returning({ id: streams.id });
    return rows.length > 0;
  },
);

/** Those of the given addresses that something refers to. */
export const picturesInUse = guarded(async (db: Database, urls: readonly string[]): Promise<ReadonlySet<string>> => {
  if (urls.length === 0) return new Set();
  const asked = [...urls];
  const found = await Promise.all([
    db.select({ url: users.avatarUrl }).from(users).where(inArray(users.avatarUrl, asked)),
    db.select({ url: channels.thumbnailUrl }).from(channels).where(inArray(channels.thumbnailUrl, asked)),
    db.select({ url: streams.coverImageUrl }).from(streams).where(inArray(streams.coverImageUrl, asked)),
    db.select({ url: streams.thumbnailUrl }).from(streams).where(inArray(streams.thumbnailUrl, asked)),
  ]);
  return new Set(found.flat().flatMap(({ url }) => (url === null ? [] : [url])));
});
