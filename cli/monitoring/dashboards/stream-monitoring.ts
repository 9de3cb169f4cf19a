import { type Dashboard, lines, number, stack } from "../dashboard.ts";

const OF = 'instance=~"$instance"';
const rate = (metric: string, more = "") => `rate(${metric}{${OF}${more}}[$__rate_interval])`;
const delay = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (${rate("streamhub_packager_delay_seconds_bucket")}))`;

/** The API counts what players say, whichever node they play from. */
const quantile = (share: number, metric: string) =>
  `histogram_quantile(${share}, sum by (le) (rate(${metric}_bucket[$__rate_interval])))`;

export const streamMonitoring: Dashboard = {
  uid: "streamhub-streams",
  title: "Stream monitoring",
  about: "What is live, from the encoders' connections to what viewers are given and what is kept.",
  instances: "label_values(streamhub_ingest_broadcasts, instance)",
  rows: [
    {
      title: "Now",
      panels: [
        number("Live streams", { about: "On the whole platform", unit: "short" }, [
          "platform:streamhub_streams_live:max",
        ]),
        number("Viewers", { about: "On the whole platform", unit: "short" }, ["platform:streamhub_viewers:max"]),
        number(
          "Capacity used",
          {
            about: "Of MAX_PUBLISHERS of all nodes; 0 without a limit",
            unit: "percentunit",
            limits: { warn: 0.8, bad: 1 },
          },
          ["platform:streamhub_ingest_capacity_used:ratio"],
        ),
        number(
          "Slowest part in twenty",
          {
            about: "From a frame's arrival to its place in the playlists: latency of this server alone",
            unit: "s",
            limits: { warn: 0.5, bad: 1 },
          },
          [delay(0.95)],
        ),
      ],
    },
    {
      title: "Encoders",
      panels: [
        stack("Broadcasts", { about: "By node", unit: "short" }, [
          `streamhub_ingest_broadcasts{${OF}}`,
          "{{instance}}",
        ]),
        lines(
          "RTMP",
          { about: "What encoders send, and what RTMP players are sent", unit: "bps" },
          [`8 * sum(${rate("streamhub_ingest_received_bytes_total")})`, "received"],
          [`8 * sum(${rate("streamhub_ingest_sent_bytes_total")})`, "sent"],
        ),
        lines(
          "Connections",
          { about: "Open RTMP connections, and how many come and go a second", unit: "short" },
          [`sum(streamhub_ingest_connections{${OF}})`, "open"],
          [`sum(${rate("streamhub_ingest_connections_opened_total")})`, "opened a second"],
          [`sum(${rate("streamhub_ingest_connections_closed_total")})`, "closed a second"],
        ),
        lines("Turned away", { about: "Connections refused or cut by a limit, by reason", unit: "ops" }, [
          `topk(8, sum by (reason) (${rate("streamhub_ingest_connections_closed_total", ',reason=~"refused.*|limit.*|internal.*"')}))`,
          "{{reason}}",
        ]),
      ],
    },
    {
      title: "Packaging",
      panels: [
        lines(
          "From a frame to the playlist",
          { about: "Latency that this server adds", unit: "s" },
          [delay(0.5), "half are faster"],
          [delay(0.95), "95 %"],
          [delay(0.99), "99 %"],
        ),
        lines("Segments", { about: "Listed a second, over all renditions", unit: "ops" }, [
          `sum by (instance) (${rate("streamhub_packager_segments_total")})`,
          "{{instance}}",
        ]),
        lines(
          "Remuxers",
          {
            about:
              "ffmpeg started, and started again after one died; media dropped as one was too slow; qualities left out",
            unit: "ops",
          },
          [`sum(${rate("streamhub_ffmpeg_starts_total")})`, "starts"],
          [`sum(${rate("streamhub_ffmpeg_restarts_total")})`, "restarts"],
          [`sum(${rate("streamhub_remux_overflows_total")})`, "overflows"],
          [`sum(${rate("streamhub_ladder_dropped_total")})`, "qualities left out"],
        ),
        lines(
          "Rules broken",
          { about: "Of HLS and DASH, by our own output: the five that are broken most", unit: "ops" },
          [`topk(5, sum by (rule) (${rate("streamhub_conformance_violations_total")}))`, "{{rule}}"],
        ),
      ],
    },
    {
      title: "Delivery",
      panels: [
        stack(
          "Answers by kind",
          { about: "Requests that reached ingest: what the gateway keeps does not", unit: "reqps" },
          [`sum by (kind) (${rate("streamhub_delivery_responses_total")})`, "{{kind}}"],
        ),
        stack("Answers by status", { about: "All kinds", unit: "reqps" }, [
          `sum by (status) (${rate("streamhub_delivery_responses_total")})`,
          "{{status}}",
        ]),
        lines(
          "Playlists",
          { about: "Rendered once for all who ask before the next change; requests that wait for it", unit: "short" },
          [`sum(${rate("streamhub_delivery_renders_total")})`, "rendered a second"],
          [`sum(streamhub_delivery_held_requests{${OF}})`, "waiting"],
        ),
        lines(
          "Private channels",
          { about: "Players with a playback token, and requests refused a second", unit: "short" },
          [`sum(streamhub_playback_players{${OF}})`, "players"],
          [`sum by (reason) (${rate("streamhub_playback_denied_total")})`, "refused: {{reason}}"],
        ),
      ],
    },
    {
      title: "What players say",
      panels: [
        lines(
          "From the wish to watch to the first picture",
          { about: "As the site's players measure it", unit: "s" },
          [quantile(0.5, "streamhub_playback_join_seconds"), "half are faster"],
          [quantile(0.95, "streamhub_playback_join_seconds"), "95 %"],
        ),
        lines(
          "Behind the camera",
          { about: "How old the picture is that players at the live edge show", unit: "s" },
          [quantile(0.5, "streamhub_playback_latency_seconds"), "half are faster"],
          [quantile(0.95, "streamhub_playback_latency_seconds"), "95 %"],
        ),
        lines(
          "Standing still",
          {
            about: "Share of the time in which the picture stood still and nobody wanted it to; five minutes' average",
            unit: "percentunit",
            limits: { warn: 0.01, bad: 0.02 },
          },
          ["platform:streamhub_playback_stalled:ratio_rate5m", "all players"],
        ),
        lines(
          "Errors and changes of the quality",
          { about: "By way of playing", unit: "ops" },
          [`sum by (player) (rate(streamhub_playback_errors_total[$__rate_interval]))`, "errors: {{player}}"],
          [`sum by (player) (rate(streamhub_playback_switches_total[$__rate_interval]))`, "changes: {{player}}"],
        ),
      ],
    },
    {
      title: "Other services",
      panels: [
        stack("Targets", { about: "Services that live broadcasts are sent on to, by state", unit: "short" }, [
          `sum by (state) (streamhub_restream_targets{${OF}})`,
          "{{state}}",
        ]),
        lines("Sent on", { about: "To other services, by node", unit: "bps" }, [
          `8 * sum by (instance) (${rate("streamhub_restream_bytes_total")})`,
          "{{instance}}",
        ]),
        lines("Attempts that failed", { about: "And connections that broke, by node", unit: "ops" }, [
          `sum by (instance) (${rate("streamhub_restream_failures_total")})`,
          "{{instance}}",
        ]),
        lines(
          "Left out",
          { about: "Messages a second that services, or the way to them, were too slow for", unit: "ops" },
          [`sum by (instance) (${rate("streamhub_restream_dropped_frames_total")})`, "{{instance}}"],
        ),
      ],
    },
    {
      title: "Recordings and pictures",
      panels: [
        lines("Written", { about: "For recordings and for rewinding", unit: "Bps" }, [
          `sum by (instance) (${rate("streamhub_recording_written_bytes_total")})`,
          "{{instance}}",
        ]),
        lines(
          "Waiting to be written",
          {
            about: "At 64 MiB of one broadcast its recording stops",
            unit: "bytes",
            limits: { warn: 2 ** 25, bad: 2 ** 26 },
          },
          [`streamhub_recording_queued_bytes{${OF}}`, "{{instance}}"],
        ),
        lines(
          "Recordings",
          { about: "Being written, and ended before their broadcasts", unit: "short" },
          [`sum(streamhub_recordings_active{${OF}})`, "being written"],
          [`sum by (reason) (${rate("streamhub_recording_stops_total")})`, "stopped a second: {{reason}}"],
        ),
        lines(
          "Pictures",
          { about: "Thumbnails and sheets of storyboards", unit: "ops" },
          [`sum(${rate("streamhub_pictures_drawn_total")})`, "drawn"],
          [`sum(${rate("streamhub_pictures_failed_total")})`, "failed"],
          [`sum(${rate("streamhub_pictures_dropped_total")})`, "not begun"],
        ),
      ],
    },
  ],
};
