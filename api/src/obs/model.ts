/** `GetClientConfiguration`, as OBS Studio's "Enhanced Broadcasting" asks and is answered (frontend/utility/models/multitrack-video.hpp); its names are OBS's. */
import { t } from "elysia";
import { WholeNumber } from "../json.ts";

/** OBS tells more than is asked for, and with each release more. */
const open = { additionalProperties: true } as const;

const Size = WholeNumber({ minimum: 0, maximum: 16_384 });
const FramerateSchema = t.Object({
  numerator: WholeNumber({ minimum: 1, maximum: 1_000_000 }),
  denominator: WholeNumber({ minimum: 1, maximum: 100_000 }),
});
const CanvasSchema = t.Object(
  {
    width: Size,
    height: Size,
    canvas_width: t.Optional(Size),
    canvas_height: t.Optional(Size),
    framerate: FramerateSchema,
  },
  open,
);
const optional = t.Partial(CanvasSchema, open);
const Limit = t.Optional(t.Union([WholeNumber({ minimum: 0, maximum: 1_000_000 }), t.Null()]));

export const ClientConfigurationBody = t.Object(
  {
    service: t.Optional(t.String({ maxLength: 100 })),
    schema_version: t.String({ maxLength: 40 }),
    authentication: t.String({ minLength: 1, maxLength: 500, description: "The stream key" }),
    client: t.Optional(t.Object({ version: t.Optional(t.String({ maxLength: 100 })) }, open)),
    capabilities: t.Optional(
      t.Object(
        {
          cpu: t.Optional(t.Object({ logical_cores: t.Optional(WholeNumber({ minimum: 0, maximum: 4_096 })) }, open)),
          gpu: t.Optional(
            t.Union([
              t.Array(t.Object({ vendor_id: WholeNumber({ minimum: 0, maximum: 0xffffffff }) }, open), {
                maxItems: 16,
              }),
              t.Null(),
            ]),
          ),
          system: t.Optional(t.Object({ name: t.Optional(t.String({ maxLength: 100 })) }, open)),
        },
        open,
      ),
    ),
    preferences: t.Object(
      {
        ...optional.properties,
        /** Since OBS 31.1 instead of the size above: the main one first. */
        canvases: t.Optional(t.Array(CanvasSchema, { maxItems: 8 })),
        maximum_aggregate_bitrate: Limit,
        maximum_video_tracks: Limit,
      },
      open,
    ),
  },
  open,
);

const EncoderSchema = t.Object({
  type: t.String(),
  width: WholeNumber(),
  height: WholeNumber(),
  framerate: FramerateSchema,
  canvas_index: WholeNumber(),
  gpu_scale_type: t.String(),
  bitrate_interpolation_points: t.Array(WholeNumber()),
  settings: t.Record(t.String(), t.Union([t.String(), t.Number(), t.Boolean()])),
});

export const ClientConfigurationSchema = t.Object({
  meta: t.Object({ service: t.String(), schema_version: t.String(), config_id: t.String() }),
  status: t.Object({
    result: t.Union([t.Literal("success"), t.Literal("warning"), t.Literal("error")]),
    html_en_us: t.Optional(t.String()),
  }),
  ingest_endpoints: t.Array(t.Object({ protocol: t.String(), url_template: t.String() })),
  encoder_configurations: t.Array(EncoderSchema),
  audio_configurations: t.Object({
    live: t.Array(
      t.Object({
        codec: t.String(),
        track_id: WholeNumber(),
        channels: WholeNumber(),
        settings: t.Object({ bitrate: WholeNumber() }),
      }),
    ),
    vod: t.Array(t.Unknown()),
  }),
});
