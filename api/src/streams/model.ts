import { model, queries } from "@streamhub/db";
import { t } from "elysia";
import { PlaybackSchema } from "../channels/model.ts";
import { jsonSchema, WholeNumber } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";
import { DescriptionText, nullable, searchText, TitleText } from "../text.ts";
import { PackagingSchema, RestreamStatusSchema, StreamProblemSchema } from "./sample.ts";

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

/** `armed`: started by its owner, waiting for the encoder. */
export const StateSchema = t.Union([t.Literal("planned"), t.Literal("armed"), t.Literal("live"), t.Literal("ended")]);

const { state: recordingState } = t.Pick(model.recordingRow, ["state"]).properties;
const Address = t.Union([t.String(), t.Null()]);

export const RecordingSchema = t.Object({
  /** `stopped`: the broadcast goes on and is not recorded any more. */
  state: recordingState,
  /** Why it is shorter than the broadcast, such as `disk-full`; null: it is not. */
  reason: t.Union([t.String(), t.Null()]),
  /** Whole seconds; null until it is ready. */
  duration: t.Union([WholeNumber(), t.Null()]),
  /** Bytes; null until it is ready. */
  size: t.Union([WholeNumber(), t.Null()]),
  /** Where it plays; null until it is ready. */
  hls: Address,
  dash: Address,
  /** All of it as one MP4; null until it is ready. */
  download: Address,
});

export const StreamSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(PublicColumns).properties,
  state: StateSchema,
  channel: t.Object({ id: IdSchema, ...ChannelColumns.properties }),
  /** Where the broadcast plays while it is live, and its recording afterwards; null where there is nothing to play. */
  playback: t.Union([PlaybackSchema, t.Null()]),
  recording: t.Union([RecordingSchema, t.Null()]),
});

export const StreamQuery = t.Object({
  live: t.Optional(t.Boolean()),
  status: t.Optional(
    t.Union(
      queries.STREAM_LISTS.map((status) => t.Literal(status)),
      { description: "Default: what has started, live or over" },
    ),
  ),
  channelId: t.Optional(IdParam),
  q: t.Optional(searchText(100)),
  sort: t.Optional(
    t.Union(
      queries.STREAM_SORTS.map((sort) => t.Literal(sort)),
      { description: "Default: relevance with q, the next one first for planned ones, else newest" },
    ),
  ),
  ...pageQuery,
});
export const StreamParams = t.Object({ id: IdParam });
/** Of POST, whose id is the channel's. */
export const PlanParams = t.Object({ id: t.Integer({ description: "The channel's id" }) });
export const StreamPage = PageSchema(StreamSchema);

const ScheduledFor = t.Union([
  t.String({ format: "date-time", maxLength: 40, description: "ISO 8601, with a time zone, not in the past" }),
  t.Null(),
]);

export const PlanStreamBody = t.Object({
  title: TitleText,
  description: t.Optional(nullable(DescriptionText)),
  scheduledFor: t.Optional(ScheduledFor),
});

export const UpdateStreamBody = t.Object({
  title: t.Optional(TitleText),
  description: t.Optional(nullable(DescriptionText)),
  /** Of a stream that has not started. */
  scheduledFor: t.Optional(ScheduledFor),
  /** Of a stream that is over. */
  isArchived: t.Optional(t.Boolean()),
});

const Measured = t.Union([t.Number(), t.Null()]);
const Named = t.Union([t.String(), t.Null()]);

/** What ingest measured in the last second; null where it has measured nothing. */
export const StreamStatusSchema = t.Object({
  id: IdSchema,
  state: StateSchema,
  isArchived: t.Boolean(),
  startedAt: jsonSchema(PublicColumns).properties.startedAt,
  endedAt: jsonSchema(PublicColumns).properties.endedAt,
  /** Seconds since the start, or the whole length of one that is over. */
  uptimeSeconds: t.Union([WholeNumber(), t.Null()]),
  viewers: WholeNumber(),
  bitrateKbps: Measured,
  fps: Measured,
  width: Measured,
  height: Measured,
  videoCodec: Named,
  audioCodec: Named,
  keyframeIntervalSeconds: Measured,
  playback: t.Union([PlaybackSchema, t.Null()]),
  recording: t.Union([RecordingSchema, t.Null()]),
  /** For the owner: what is wrong with what the encoder sends. */
  problems: t.Array(StreamProblemSchema),
  /** For the owner; null while it is not live. */
  packaging: t.Union([PackagingSchema, t.Null()]),
  /** For the owner: the services that it is sent on to. */
  restreams: t.Array(RestreamStatusSchema),
});
export type StreamStatus = typeof StreamStatusSchema.static;
