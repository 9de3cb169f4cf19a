import { model, queries, SLUG_PATTERN } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";
import { DescriptionText, nullable, searchText, TitleText } from "../text.ts";

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

const SortSchema = t.Union(
  queries.CHANNEL_SORTS.map((sort) => t.Literal(sort)),
  {
    description: "Default: relevance with q, else newest",
  },
);

export const ChannelQuery = t.Object({
  slug: t.Optional(t.String({ minLength: 1, maxLength: 100, description: "The one channel of this name" })),
  q: t.Optional(searchText(100)),
  sort: t.Optional(SortSchema),
  ...pageQuery,
});
export const ChannelParams = t.Object({ id: IdParam });
export const ChannelPage = PageSchema(ChannelSchema);

const SlugText = t.String({
  pattern: SLUG_PATTERN,
  maxLength: 64,
  description: "Public name in addresses: lower-case letters, digits, - and _",
});
const { visibility } = t.Pick(model.channelRow, ["visibility"]).properties;

export const CreateChannelBody = t.Object({
  title: TitleText,
  slug: t.Optional({ ...SlugText, description: "Without it, one is made of the title" }),
  description: t.Optional(nullable(DescriptionText)),
  visibility: t.Optional(visibility),
});

export const UpdateChannelBody = t.Object({
  title: t.Optional(TitleText),
  slug: t.Optional(SlugText),
  description: t.Optional(nullable(DescriptionText)),
  visibility: t.Optional(visibility),
});

const KeyUse = t.Pick(model.channelRow, ["streamKeyUsedAt", "streamKeyUsedFrom"]);
const KeyUseJson = jsonSchema(KeyUse).properties;

/** For the owner only. */
export const StreamKeySchema = t.Object({
  streamKey: t.String(),
  lastUsedAt: KeyUseJson.streamKeyUsedAt,
  lastUsedFrom: KeyUseJson.streamKeyUsedFrom,
});
