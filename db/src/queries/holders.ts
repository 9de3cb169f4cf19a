/** Whose channels and streams are, many at a time: for rights that are looked at again and again. */
import { eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";

/** Numbers in one query; PostgreSQL takes 65,535. */
const AT_ONCE = 10_000;

export interface Held {
  readonly id: number;
  readonly userId: number;
  readonly visibility: Visibility;
}

export interface HeldStream extends Held {
  /** A planned stream without a time. */
  readonly isDraft: boolean;
}

async function inParts<T extends { readonly id: number }>(
  ids: readonly number[],
  read: (part: number[]) => Promise<T[]>,
): Promise<ReadonlyMap<number, T>> {
  const wanted = ids.filter(isId);
  const found = new Map<number, T>();
  for (let at = 0; at < wanted.length; at += AT_ONCE)
    for (const row of await read(wanted.slice(at, at + AT_ONCE))) found.set(row.id, row);
  return found;
}

const held = { id: channels.id, userId: channels.userId, visibility: channels.visibility };

/** By id; those that do not exist are missing. */
export const channelsHeld = guarded((db: Database, ids: readonly number[]) =>
  inParts<Held>(ids, (part) => db.select(held).from(channels).where(inArray(channels.id, part))),
);

/** By id; those that do not exist are missing. */
export const streamsHeld = guarded((db: Database, ids: readonly number[]) =>
  inParts<HeldStream>(ids, (part) =>
    db
      .select({
        ...held,
        id: streams.id,
        isDraft: sql<boolean>`${streams.startedAt} is null and ${streams.scheduledFor} is null`,
      })
      .from(streams)
      .innerJoin(channels, eq(channels.id, streams.channelId))
      .where(inArray(streams.id, part)),
  ),
);
