import { type Dashboard, lines, number, stack } from "../dashboard.ts";

const OF = 'instance=~"$instance"';
const requests = (more = "") => `rate(streamhub_http_requests_total{${OF}${more}}[$__rate_interval])`;
/** Live events are held open. */
const durations = (by: string) =>
  `sum by (${by}) (rate(streamhub_http_request_duration_seconds_bucket{${OF},route!="/api/events"}[$__rate_interval]))`;
/** What never was is 0, not nothing. */
const orZero = (expr: string) => `${expr} or 0 * sum(${requests()})`;
const rate = (metric: string) => `rate(${metric}{${OF}}[$__rate_interval])`;

export const apiStatistics: Dashboard = {
  uid: "streamhub-api",
  title: "API statistics",
  about: "What is asked of the API, how fast it answers and what goes wrong.",
  instances: 'label_values(up{job="api"}, instance)',
  rows: [
    {
      title: "Now",
      panels: [
        number("Requests", { about: "Answered by the API, the cache in front of its routes included", unit: "reqps" }, [
          `sum(${requests()})`,
        ]),
        number(
          "Failures",
          { about: "Share of answers with status 5xx", unit: "percentunit", limits: { warn: 0.001, bad: 0.01 } },
          [`(${orZero(`sum(${requests(',status=~"5.."')})`)}) / sum(${requests()})`],
        ),
        number(
          "Slowest in a hundred",
          { about: "99th percentile, without live events", unit: "s", limits: { warn: 0.25, bad: 1 } },
          [`histogram_quantile(0.99, ${durations("le")})`],
        ),
        number("Without an answer yet", { about: "Requests that are being worked on", unit: "short" }, [
          `sum(streamhub_http_requests_in_flight{${OF}})`,
        ]),
      ],
    },
    {
      title: "Requests",
      panels: [
        stack("By status", { about: "All routes", unit: "reqps" }, [`sum by (status) (${requests()})`, "{{status}}"]),
        stack("By route", { about: "The ten that are asked most", unit: "reqps" }, [
          `topk(10, sum by (method, route) (${requests()}))`,
          "{{method}} {{route}}",
        ]),
        lines(
          "How long an answer takes",
          { about: "Without live events, which are held open", unit: "s" },
          [`histogram_quantile(0.5, ${durations("le")})`, "half are faster"],
          [`histogram_quantile(0.95, ${durations("le")})`, "95 %"],
          [`histogram_quantile(0.99, ${durations("le")})`, "99 %"],
        ),
        lines("Slowest routes", { about: "95th percentile of the ten slowest", unit: "s" }, [
          `topk(10, histogram_quantile(0.95, ${durations("route, le")}))`,
          "{{route}}",
        ]),
        lines(
          "Refused and failed",
          {
            about: "5xx is our fault; 429 is a limit of requests; 401 and 403 are people without the right",
            unit: "reqps",
          },
          [orZero(`sum(${requests(',status=~"5.."')})`), "5xx"],
          [orZero(`sum(${requests(',status="429"')})`), "429"],
          [orZero(`sum(${requests(',status=~"401|403"')})`), "401, 403"],
        ),
        stack("By process", { about: "Whether the gateway spreads them evenly", unit: "reqps" }, [
          `sum by (instance) (${requests()})`,
          "{{instance}}",
        ]),
      ],
    },
    {
      title: "Live events, viewing sessions, webhooks",
      panels: [
        lines("Listeners", { about: "Connections that listen to live events", unit: "short" }, [
          `sum by (transport) (streamhub_event_clients{${OF}})`,
          "{{transport}}",
        ]),
        lines("Messages to them", { about: "Events sent", unit: "ops" }, [
          `sum by (transport) (${rate("streamhub_events_sent_total")})`,
          "{{transport}}",
        ]),
        lines(
          "Viewing sessions",
          { about: "Opened, signs of life, and statements that wrote them", unit: "ops" },
          [`sum(${rate("streamhub_views_opened_total")})`, "opened"],
          [`sum(${rate("streamhub_view_heartbeats_total")})`, "signs of life"],
          [`sum(${rate("streamhub_view_writes_total")})`, "writes"],
        ),
        lines(
          "Waiting to be written",
          { about: "Viewing sessions in memory", unit: "short", limits: { warn: 5_000, bad: 20_000 } },
          [`sum by (instance) (streamhub_views_pending{${OF}})`, "{{instance}}"],
        ),
        lines("Webhooks", { about: "Attempts to deliver a message, by outcome", unit: "ops" }, [
          `sum by (outcome) (${rate("streamhub_webhook_attempts_total")})`,
          "{{outcome}}",
        ]),
        lines(
          "Messages on their way",
          {
            about: "To webhooks, those that wait for their next attempt included",
            unit: "short",
            limits: { warn: 100, bad: 500 },
          },
          ["max(streamhub_webhook_deliveries_pending)", "pending"],
        ),
      ],
    },
  ],
};
