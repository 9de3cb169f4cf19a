import { t } from "elysia";
import { Timestamp } from "../json.ts";
import { IdSchema, PageSchema, pageQuery } from "../paging.ts";

export const PlaybackSchema = t.Object({ hls: t.String(), dash: t.String() });

export const ChannelSchema = t.Object({
  id: t.Integer(),
  slug: t.String(),
  title: t.String(),
  description: t.Nullable(t.String()),
  thumbnailUrl: t.Nullable(t.String()),
  isLive: t.Boolean(),
  viewersCount: t.Integer(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  playback: PlaybackSchema,
});

export const ChannelQuery = t.Object({ slug: t.Optional(t.String({ minLength: 1, maxLength: 100 })), ...pageQuery });
export const ChannelParams = t.Object({ id: IdSchema });
export const ChannelPage = PageSchema(ChannelSchema);
