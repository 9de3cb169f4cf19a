import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdSchema, PageSchema, pageQuery } from "../paging.ts";

export const PlaybackSchema = t.Object({ hls: t.String(), dash: t.String() });

const PublicColumns = t.Pick(model.channelRow, [
  "slug",
  "title",
  "description",
  "thumbnailUrl",
  "visibility",
  "isLive",
  "viewersCount",
  "createdAt",
  "updatedAt",
]);
const OwnerColumns = t.Pick(model.userRow, ["username", "fullName", "avatarUrl"]);

export const ChannelSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(PublicColumns).properties,
  owner: t.Object({ id: IdSchema, ...OwnerColumns.properties }),
  playback: PlaybackSchema,
});

export const ChannelQuery = t.Object({ slug: t.Optional(t.String({ minLength: 1, maxLength: 100 })), ...pageQuery });
export const ChannelParams = t.Object({ id: IdSchema });
export const ChannelPage = PageSchema(ChannelSchema);
