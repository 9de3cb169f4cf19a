import { type Dashboard, lines, number } from "../dashboard.ts";

const OURS = 'job=~"api|ingest",instance=~"$instance"';
const OF = 'instance=~"$instance"';
const rate = (metric: string, of = OF) => `rate(${metric}{${of}}[$__rate_interval])`;

export const performance: Dashboard = {
  uid: "streamhub-performance",
  title: "Performance",
  about: "What the processes cost, by themselves and for each broadcast, and how late they are.",
  instances: 'label_values(up{job=~"api|ingest"}, instance)',
  rows: [
    {
      title: "For each broadcast",
      panels: [
        number("Processor", { about: "Of ingest's own processes, ffmpeg not counted", unit: "percentunit" }, [
          `sum(${rate("process_cpu_seconds_total", `job="ingest",${OF}`)}) / sum(streamhub_ingest_broadcasts{${OF}})`,
        ]),
        number(
          "Memory",
          { about: "Of ingest's own processes, what they need without broadcasts included", unit: "bytes" },
          [`sum(process_resident_memory_bytes{job="ingest",${OF}}) / sum(streamhub_ingest_broadcasts{${OF}})`],
        ),
        number("Media held for viewers", { about: "Segments and parts in memory", unit: "bytes" }, [
          `sum(streamhub_delivery_bytes{${OF}}) / sum(streamhub_ingest_broadcasts{${OF}})`,
        ]),
        number("Viewers", { about: "On the average", unit: "short" }, [
          "platform:streamhub_viewers:max / platform:streamhub_streams_live:max",
        ]),
      ],
    },
    {
      title: "Processes",
      panels: [
        lines(
          "Processor time",
          { about: "1 is one processor; five minutes' average", unit: "percentunit", limits: { warn: 0.7, bad: 0.9 } },
          [`instance:process_cpu_seconds:rate5m{${OF}}`, "{{job}} {{instance}}"],
        ),
        lines(
          "Event loop",
          {
            about: "How late a timer comes, one in a hundred; five minutes' average",
            unit: "s",
            limits: { warn: 0.05, bad: 0.25 },
          },
          [`instance:streamhub_event_loop_lag_seconds:p99_rate5m{${OF}}`, "{{job}} {{instance}}"],
        ),
        lines("Memory", { about: "Resident", unit: "bytes" }, [
          `process_resident_memory_bytes{${OURS}}`,
          "{{job}} {{instance}}",
        ]),
        lines("JavaScript objects", { about: "Used part of the heap", unit: "bytes" }, [
          `process_heap_used_bytes{${OURS}}`,
          "{{job}} {{instance}}",
        ]),
        lines(
          "Files and sockets",
          { about: "Share of what the process may open", unit: "percentunit", limits: { warn: 0.6, bad: 0.8 } },
          [`process_open_fds{${OURS}} / process_max_fds`, "{{job}} {{instance}}"],
        ),
        lines("Running for", { about: "Since the process started", unit: "s" }, [
          `time() - process_start_time_seconds{${OURS}}`,
          "{{job}} {{instance}}",
        ]),
      ],
    },
    {
      title: "Speed",
      panels: [
        lines(
          "API",
          {
            about: "99th percentile of all routes but live events; five minutes' average",
            unit: "s",
            limits: { warn: 0.25, bad: 1 },
          },
          ["job:streamhub_http_request_duration_seconds:p99_rate5m", "{{job}}"],
        ),
        lines(
          "From a frame to the playlist",
          { about: "95th percentile; five minutes' average", unit: "s", limits: { warn: 0.5, bad: 1 } },
          [`instance:streamhub_packager_delay_seconds:p95_rate5m{${OF}}`, "{{instance}}"],
        ),
      ],
    },
    {
      title: "Media",
      panels: [
        lines(
          "Held in memory",
          { about: "Segments and parts for viewers, and the picture groups in progress", unit: "bytes" },
          [`sum(streamhub_delivery_bytes{${OF}})`, "for viewers"],
          [`sum(streamhub_ingest_gop_cache_bytes{${OF}})`, "picture groups"],
        ),
        lines("Dropped before the remuxer", { about: "Media messages; above 0 a remuxer can't keep up", unit: "ops" }, [
          `sum by (instance) (${rate("streamhub_remux_dropped_tags_total")})`,
          "{{instance}}",
        ]),
        lines("Drawing pictures", { about: "Processor time; bounded to a tenth of the machine", unit: "percentunit" }, [
          `sum by (instance) (${rate("streamhub_pictures_cpu_seconds_total")})`,
          "{{instance}}",
        ]),
        lines("Being packaged", { about: "Broadcasts, those that drain behind their end included", unit: "short" }, [
          `streamhub_packagings{${OF}}`,
          "{{instance}}",
        ]),
      ],
    },
  ],
};
