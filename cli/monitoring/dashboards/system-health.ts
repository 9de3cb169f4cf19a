import { type Dashboard, lines, number, stack } from "../dashboard.ts";

const OF = 'instance=~"$instance"';
const rate = (metric: string, more = "") => `rate(${metric}{${OF}${more}}[$__rate_interval])`;
const DISKS = ',fstype!~"tmpfs|overlay|squashfs"';

export const systemHealth: Dashboard = {
  uid: "streamhub-health",
  title: "System health",
  about: "Whether every part is there, and what the machines, the database, Redis and the gateway have left.",
  instances: "label_values(up, instance)",
  rows: [
    {
      title: "Now",
      panels: [
        number(
          "Alerts",
          { about: "That fire; the one that always does is not counted", unit: "short", limits: { warn: 1, bad: 3 } },
          ['count(ALERTS{alertstate="firing",alertname!="Watchdog"}) or vector(0)'],
        ),
        number(
          "Parts that do not answer",
          { about: "Of those that Prometheus asks", unit: "short", limits: { warn: 1, bad: 2 } },
          [`count(up{${OF}} == 0) or vector(0)`],
        ),
        number(
          "Database",
          {
            about: "Whether every API process reaches it",
            unit: "bool_yes_no",
            limits: { warn: 1, bad: 0.5, below: true },
          },
          ["min(streamhub_database_up)"],
        ),
        number(
          "Bus",
          {
            about: "Whether every process reaches it",
            unit: "bool_yes_no",
            limits: { warn: 1, bad: 0.5, below: true },
          },
          ["min(streamhub_bus_up)"],
        ),
      ],
    },
    {
      title: "Parts",
      panels: [
        lines("Answering", { about: "Processes of each kind", unit: "short" }, [`sum by (job) (up{${OF}})`, "{{job}}"]),
        stack(
          "Gateway",
          { about: "Connections of clients, by what they do", unit: "short" },
          [`sum(nginx_connections_reading{${OF}})`, "reading"],
          [`sum(nginx_connections_writing{${OF}})`, "writing"],
          [`sum(nginx_connections_waiting{${OF}})`, "waiting"],
        ),
      ],
    },
    {
      title: "Database",
      panels: [
        lines(
          "How long a small question takes",
          {
            about: "As the API sees it, waiting for a connection included",
            unit: "s",
            limits: { warn: 0.05, bad: 0.25 },
          },
          [`streamhub_database_answer_seconds{${OF}}`, "{{instance}}"],
        ),
        lines(
          "Connections",
          { about: "Of all processes, and the most that PostgreSQL takes", unit: "short" },
          ["max by (state) (streamhub_database_connections)", "{{state}}"],
          [`max(pg_settings_max_connections{${OF}})`, "at most"],
        ),
        lines(
          "Transactions",
          { about: "As PostgreSQL counts them", unit: "ops" },
          [`sum(${rate("pg_stat_database_xact_commit")})`, "committed"],
          [`sum(${rate("pg_stat_database_xact_rollback")})`, "rolled back"],
        ),
        lines("Size", { about: "Of each database on disk", unit: "bytes" }, [
          `pg_database_size_bytes{${OF}}`,
          "{{datname}}",
        ]),
      ],
    },
    {
      title: "Redis",
      panels: [
        lines("Commands", { about: "Processed a second", unit: "ops" }, [
          `sum by (instance) (${rate("redis_commands_processed_total")})`,
          "{{instance}}",
        ]),
        lines("Memory", { about: "Used", unit: "bytes" }, [`redis_memory_used_bytes{${OF}}`, "{{instance}}"]),
        lines("Clients", { about: "Connected", unit: "short" }, [`redis_connected_clients{${OF}}`, "{{instance}}"]),
        lines(
          "What the bus lost",
          { about: "Writes dropped, and times that it went away, as the API counts", unit: "ops" },
          [`sum(${rate("streamhub_bus_dropped_total")})`, "writes dropped"],
          [`sum(${rate("streamhub_bus_outages_total")})`, "outages"],
        ),
      ],
    },
    {
      title: "Machines",
      panels: [
        lines("Processors", { about: "Share that is busy", unit: "percentunit", limits: { warn: 0.8, bad: 0.95 } }, [
          `1 - avg by (instance) (${rate("node_cpu_seconds_total", ',mode="idle"')})`,
          "{{instance}}",
        ]),
        lines(
          "Memory available",
          { about: "Share", unit: "percentunit", limits: { warn: 0.2, bad: 0.1, below: true } },
          [`node_memory_MemAvailable_bytes{${OF}} / node_memory_MemTotal_bytes`, "{{instance}}"],
        ),
        lines(
          "Disk free",
          { about: "Share of each file system", unit: "percentunit", limits: { warn: 0.2, bad: 0.1, below: true } },
          [`node_filesystem_avail_bytes{${OF}${DISKS}} / node_filesystem_size_bytes`, "{{instance}} {{mountpoint}}"],
        ),
        lines("Clock", { about: "How far it is off, either way", unit: "s", limits: { warn: 0.05, bad: 0.1 } }, [
          `abs(node_timex_offset_seconds{${OF}})`,
          "{{instance}}",
        ]),
        lines(
          "Network",
          { about: "Without loopback", unit: "bps" },
          [
            `8 * sum by (instance) (${rate("node_network_receive_bytes_total", ',device!="lo"')})`,
            "{{instance}} received",
          ],
          [
            `8 * sum by (instance) (${rate("node_network_transmit_bytes_total", ',device!="lo"')})`,
            "{{instance}} sent",
          ],
        ),
        lines("Load", { about: "Processes that run or wait, of the last minute", unit: "short" }, [
          `node_load1{${OF}}`,
          "{{instance}}",
        ]),
      ],
    },
  ],
};
