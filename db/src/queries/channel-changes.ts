/** What an owner does with a channel that exists. Whatever ends a broadcast here returns it, for the caller to tell the bus. */
import { eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { KeyVault } from "../key-vault.ts";
import type { Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { isSlug } from "../slug.ts";
import type { StreamName } from "../stream-events.ts";
import { replaceKey } from "./channel-keys.ts";
import { type ChannelSettings, settingsOf } from "./channel-settings.ts";
import { notASlug } from "./channel-writes.ts";
import { isId } from "./channels.ts";
import { endWhere } from "./publishing.ts";
import { announceDeletedRecordings } from "./webhook-messages.ts";

const held = {
  id: channels.id,
  userId: channels.userId,
  slug: channels.slug,
  visibility: channels.visibility,
  isLive: channels.isLive,
};

/** Inside a transaction: the channel, held until its end. The first lock of everything that changes a stream's life; null when it is gone. */
export async function holdChannel(tx: Database, channelId: number) {
  const [row] = await tx.select(held).from(channels).where(eq(channels.id, channelId)).for("update");
  return row ?? null;
}

/** Whose a channel is and who may see it; null when there is none. */
export const channelOwner = guarded(async (db: Database, channelId: number) => {
  if (!isId(channelId)) return null;
  const [row] = await db.select(held).from(channels).where(eq(channels.id, channelId));
  return row ?? null;
});

/** Inside a transaction that holds the channel: ends what is live on it. */
export async function endLive(tx: Database, channelId: number): Promise<StreamName | null> {
  const which: SQL = sql`${streams.channelId} = ${channelId} and ${streams.isLive}`;
  const [ended] = await endWhere(tx, which, sql`clock_timestamp()`);
  return ended ?? null;
}

export interface ChannelChange {
  readonly slug?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | null | undefined;
  readonly visibility?: Visibility | undefined;
  /** Of the next broadcast on. */
  readonly settings?: ChannelSettings | undefined;
}

/**
 * `is-live`: the name and whether it is private are part of a broadcast's addresses, and stay while it goes on. Null when there is no such
 * channel. Throws `database.slug-taken`, `database.constraint`.
 */
export const updateChannel = guarded(
  async (db: Database, channelId: number, change: ChannelChange): Promise<"done" | "is-live" | null> => {
    if (change.slug !== undefined && !isSlug(change.slug)) throw notASlug();
    return db.transaction(async (tx) => {
      const channel = await holdChannel(tx, channelId);
      if (channel === null) return null;
      const { slug = channel.slug, visibility = channel.visibility } = change;
      const moves = slug !== channel.slug || (visibility === "private") !== (channel.visibility === "private");
      if (channel.isLive && moves) return "is-live";
      const { settings, ...rest } = change;
      const values = { ...rest, ...settingsOf(settings), slug };
      await tx.update(channels).set(values).where(eq(channels.id, channelId));
      return "done";
    });
  },
);

export interface DeletedChannel {
  readonly ended: StreamName | null;
  /** Addresses of its pictures, which nothing refers to any more. */
  readonly pictures: readonly string[];
  /** Streams that may have a recording; it has to go. */
  readonly streamIds: readonly number[];
}

/** Removes a channel with all that is its own; what is live on it ends first. Null when there is no such channel. */
export const deleteChannel = guarded(async (db: Database, channelId: number): Promise<DeletedChannel | null> => {
  return db.transaction(async (tx) => {
    if ((await holdChannel(tx, channelId)) === null) return null;
    const ended = await endLive(tx, channelId);
    await announceDeletedRecordings(tx, eq(streams.channelId, channelId));
    const theirs = await tx
      .select({
        id: streams.id,
        startedAt: streams.startedAt,
        thumbnail: streams.thumbnailUrl,
        cover: streams.coverImageUrl,
      })
      .from(streams)
      .where(eq(streams.channelId, channelId));
    const [gone] = await tx
      .delete(channels)
      .where(eq(channels.id, channelId))
      .returning({ thumbnail: channels.thumbnailUrl });
    const pictures = [gone?.thumbnail, ...theirs.flatMap(({ thumbnail, cover }) => [thumbnail, cover])];
    const streamIds = theirs.filter(({ startedAt }) => startedAt !== null).map(({ id }) => id);
    return { ended, pictures: pictures.filter((url) => url != null), streamIds };
  });
});

export interface NewKey {
  readonly streamKey: string;
  readonly ended: StreamName | null;
}

/** Gives a channel a new key and ends what was published with the old one. Null when there is no such channel. */
export const regenerateStreamKey = guarded(
  async (db: Database, vault: KeyVault, channelId: number): Promise<NewKey | null> => {
    return db.transaction(async (tx) => {
      if ((await holdChannel(tx, channelId)) === null) return null;
      const ended = await endLive(tx, channelId);
      return { ended, streamKey: await replaceKey(tx, vault, channelId) };
    });
  },
);
