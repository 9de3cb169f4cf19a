import { model, queries, SLUG_PATTERN } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema, WholeNumber } from "../json.ts";
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

const { latency, quality, secondEncoder, remuxer, isRecorded } = t.Pick(model.channelRow, [
  "latency",
  "quality",
  "secondEncoder",
  "remuxer",
  "isRecorded",
]).properties;
const SETTINGS = {
  latency: { ...latency, description: "How close to live viewers are" },
  quality: { ...quality, description: "What broadcasts are offered in: as sent, or in smaller renditions besides" },
  secondEncoder: { ...secondEncoder, description: "What an encoder does that comes while another one sends" },
  remuxer: {
    ...remuxer,
    description: "What makes HLS and DASH: ffmpeg, StreamHub itself (native), or as the server is set (auto)",
  },
  isRecorded: { ...isRecorded, description: "Broadcasts are kept as recordings" },
  dvrSeconds: t.Union([WholeNumber({ minimum: 0, maximum: 1_000_000 }), t.Null()], {
    description: "How far viewers may rewind while it is live; 0: not at all, null: to the beginning",
  }),
};

/** How broadcasts are sent, kept and shown: from the next one on. */
const ChannelSettingsSchema = t.Object(SETTINGS);
const ChannelSettingsBody = t.Partial(ChannelSettingsSchema);

export const ChannelSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(PublicColumns).properties,
  followersCount: WholeNumber({ minimum: 0 }),
  /** For the owner and administrators; null for everyone else. */
  settings: t.Union([ChannelSettingsSchema, t.Null()]),
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
  settings: t.Optional(ChannelSettingsBody),
});

export const UpdateChannelBody = t.Object({
  title: t.Optional(TitleText),
  slug: t.Optional(SlugText),
  description: t.Optional(nullable(DescriptionText)),
  visibility: t.Optional(visibility),
  settings: t.Optional(ChannelSettingsBody),
});

const KeyUse = t.Pick(model.channelRow, ["streamKeyUsedAt", "streamKeyUsedFrom"]);
const KeyUseJson = jsonSchema(KeyUse).properties;

/** For the owner only. */
export const StreamKeySchema = t.Object({
  streamKey: t.String(),
  lastUsedAt: KeyUseJson.streamKeyUsedAt,
  lastUsedFrom: KeyUseJson.streamKeyUsedFrom,
});
