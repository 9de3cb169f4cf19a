import { model } from "@streamhub/db";
import { t } from "elysia";
import { PlaybackSchema } from "../channels/model.ts";
import { jsonSchema } from "../json.ts";
import { IdSchema, PageSchema, pageQuery } from "../paging.ts";

const PublicColumns = t.Pick(model.streamRow, [
  "channelId",
  "title",
  "description",
  "thumbnailUrl",
  "coverImageUrl",
  "duration",
  "scheduledFor",
  "startedAt",
  "endedAt",
  "isLive",
  "isArchived",
  "viewCount",
  "createdAt",
  "updatedAt",
]);
const ChannelColumns = t.Pick(model.channelRow, ["slug", "title", "thumbnailUrl", "visibility", "viewersCount"]);

export const StreamSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(PublicColumns).properties,
  channel: t.Object({ id: IdSchema, ...ChannelColumns.properties }),
  /** Where the broadcast plays while it is live; null otherwise. */
  playback: t.Union([PlaybackSchema, t.Null()]),
});

export const StreamQuery = t.Object({
  live: t.Optional(t.Boolean()),
  channelId: t.Optional(IdSchema),
  ...pageQuery,
});
export const StreamParams = t.Object({ id: IdSchema });
export const StreamPage = PageSchema(StreamSchema);
