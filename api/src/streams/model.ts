import { t } from "elysia";
import { PlaybackSchema } from "../channels/model.ts";
import { Timestamp } from "../json.ts";
import { IdSchema, PageSchema, pageQuery } from "../paging.ts";

export const StreamSchema = t.Object({
  id: t.Integer(),
  channelId: t.Integer(),
  title: t.String(),
  description: t.Nullable(t.String()),
  thumbnailUrl: t.Nullable(t.String()),
  coverImageUrl: t.Nullable(t.String()),
  duration: t.Nullable(t.Integer()),
  scheduledFor: t.Nullable(Timestamp),
  startedAt: t.Nullable(Timestamp),
  endedAt: t.Nullable(Timestamp),
  isLive: t.Boolean(),
  isArchived: t.Boolean(),
  viewCount: t.Integer(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  channel: t.Object({ id: t.Integer(), slug: t.String(), title: t.String() }),
  /** Where the broadcast plays while it is live; null otherwise. */
  playback: t.Nullable(PlaybackSchema),
});

export const StreamQuery = t.Object({
  live: t.Optional(t.Boolean()),
  channelId: t.Optional(IdSchema),
  ...pageQuery,
});
export const StreamParams = t.Object({ id: IdSchema });
export const StreamPage = PageSchema(StreamSchema);
