/** What OBS Studio's "Enhanced Broadcasting" should send to a channel, by what the machine can do and the channel is set to. */
import { randomUUID } from "node:crypto";
import { queries } from "@streamhub/db";
import { networkOf } from "@streamhub/db/viewer-identity";
import type { Static } from "elysia";
import type { Services } from "../services.ts";
import { encoderFor, type Pace } from "./encoders.ts";
import { type Canvas, ladderFor } from "./ladder.ts";
import type { ClientConfigurationBody, ClientConfigurationSchema } from "./model.ts";

type Asked = Static<typeof ClientConfigurationBody>;
type Configuration = Static<typeof ClientConfigurationSchema>;
type Status = Configuration["status"];

const SERVICE = "StreamHub";
const AUDIO_BITRATE = 160;
const LEAST_LINES = 64;

const refused = (html_en_us: string): Status => ({ result: "error", html_en_us });
const UNKNOWN_KEY = refused("This stream key is not known here. Copy it again from the channel's studio.");
const TOO_MANY = refused(
  "Too many stream keys from your address were wrong. Wait a quarter of an hour, and copy the key again.",
);
/** Of one network: the answer tells whether a key is right, as the RTMP port does. */
const WRONG_KEYS = { limit: 30, window: 15 * 60_000 };
const NO_CANVAS = refused("OBS did not say how large its picture is.");
const ONE_PICTURE: Status = {
  result: "warning",
  html_en_us: "This channel takes one picture only: its remuxer is set to ffmpeg, which reads no more.",
};

function canvasOf({ canvases, width, height, framerate }: Asked["preferences"]): Canvas | null {
  const [main] = canvases ?? [];
  const canvas = main ?? { width, height, framerate };
  if (canvas.width === undefined || canvas.height === undefined || canvas.framerate === undefined) return null;
  if (Math.min(canvas.width, canvas.height) < LEAST_LINES) return null;
  return { width: canvas.width, height: canvas.height, framerate: canvas.framerate };
}

/** The least delay: keyframes twice as often, and no picture that waits for a later one. */
const paceOf = (latency: string): Pace =>
  latency === "ultra" ? { keyframeSeconds: 1, bFrames: 0 } : { keyframeSeconds: 2, bFrames: 2 };

export function obsService({ db, bus, vault, site, publicUrl, addressOf }: Services) {
  function endpoints(request: Request): Configuration["ingest_endpoints"] {
    const { hostname } = new URL(publicUrl ?? request.url);
    const { rtmpPort, rtmpsPort, app } = site.ingest;
    const at = (scheme: string, port: number) => ({
      protocol: scheme.toUpperCase(),
      url_template: `${scheme}://${hostname}:${port}/${app}/{stream_key}`,
    });
    return [at("rtmp", rtmpPort), ...(rtmpsPort === null ? [] : [at("rtmps", rtmpsPort)])];
  }

  return {
    /** OBS shows what stands in `status`; an HTTP error it would take for a server that is out of order. */
    async configure(asked: Asked, request: Request): Promise<Configuration> {
      const meta = { service: SERVICE, schema_version: asked.schema_version, config_id: randomUUID() };
      const nothing = {
        meta,
        ingest_endpoints: [],
        encoder_configurations: [],
        audio_configurations: { live: [], vod: [] },
      };
      const tries = `obs-key:${networkOf(addressOf(request))}`;
      if (!(await bus.limits.hit(tries, WRONG_KEYS, 0)).allowed) return { ...nothing, status: TOO_MANY };
      // OBS hands the key on as it was typed, with what follows a `?`.
      const channel = await queries.channelForEncoder(db, vault, asked.authentication.split("?", 1)[0]!);
      if (channel?.ownerIsActive !== true) {
        await bus.limits.hit(tries, WRONG_KEYS);
        return { ...nothing, status: UNKNOWN_KEY };
      }
      const { capabilities, preferences, client } = asked;
      const canvas = canvasOf(preferences);
      if (canvas === null) return { ...nothing, status: NO_CANVAS };
      const encoder = encoderFor({
        vendors: (capabilities?.gpu ?? []).map(({ vendor_id }) => vendor_id),
        system: capabilities?.system?.name ?? "",
        logicalCores: capabilities?.cpu?.logical_cores ?? 0,
        version: client?.version ?? "",
      });
      const takesOne = channel.remuxer === "ffmpeg";
      const maxTracks = takesOne
        ? 1
        : Math.min(encoder.maxTracks, preferences.maximum_video_tracks || encoder.maxTracks);
      const maxBitrate = preferences.maximum_aggregate_bitrate || null;
      const pace = paceOf(channel.latency);
      return {
        meta,
        status: takesOne ? ONE_PICTURE : { result: "success" },
        ingest_endpoints: endpoints(request),
        encoder_configurations: ladderFor(canvas, { maxTracks, maxBitrate }).map((rung) => ({
          type: encoder.type,
          width: rung.width,
          height: rung.height,
          framerate: canvas.framerate,
          canvas_index: 0,
          gpu_scale_type: "OBS_SCALE_BICUBIC",
          bitrate_interpolation_points: [Math.round(rung.bitrate / 2), rung.bitrate],
          settings: encoder.settings(rung, pace),
        })),
        audio_configurations: {
          live: [{ codec: "aac", track_id: 0, channels: 2, settings: { bitrate: AUDIO_BITRATE } }],
          vod: [],
        },
      };
    },
  };
}
