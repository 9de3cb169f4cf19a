/** What a reader may see: private channels and drafts are their owner's (and an administrator's), unlisted ones are for who knows their name. */
import { eq, type SQL, sql } from "drizzle-orm";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { users } from "../schema/users.ts";

/** Who reads; null: anyone. */
export interface Viewer {
  readonly userId: number;
  /** An administrator. */
  readonly seesAll: boolean;
}

const isOwn = (viewer: Viewer | null | undefined): SQL =>
  viewer === null || viewer === undefined
    ? sql`false`
    : viewer.seesAll
      ? sql`true`
      : eq(channels.userId, viewer.userId);

/** What an inactive account has is hidden with it. A subquery of its own, so that it can't change the plan of what it filters. */
const ownerIsActive = sql`(select ${users.isActive} from ${users} where ${users.id} = ${channels.userId})`;

/** For reads by id or by name, and for lists of what one channel has. */
export const mayOpen = (viewer: Viewer | null | undefined): SQL =>
  sql`((${channels.visibility} <> 'private' and ${ownerIsActive}) or ${isOwn(viewer)})`;

/** For lists across channels: nobody's private things turn up in them, not even one's own. */
export const isListed: SQL = sql`(${channels.visibility} = 'public' and ${ownerIsActive})`;

/** A planned stream without a time is a draft. */
export const isAnnounced = (viewer: Viewer | null | undefined): SQL =>
  sql`(${streams.startedAt} is not null or ${streams.scheduledFor} is not null or ${isOwn(viewer)})`;
