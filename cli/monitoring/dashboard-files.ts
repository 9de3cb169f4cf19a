/** The dashboards as files: `bun run dashboards` writes them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dashboard, dashboardJson } from "./dashboard.ts";
import { apiStatistics } from "./dashboards/api-statistics.ts";
import { performance } from "./dashboards/performance.ts";
import { streamMonitoring } from "./dashboards/stream-monitoring.ts";
import { systemHealth } from "./dashboards/system-health.ts";

export const DASHBOARD_FOLDER = join(import.meta.dir, "..", "..", "deploy", "grafana", "dashboards");

/** By the name of its file. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  "api-statistics.json": apiStatistics,
  "stream-monitoring.json": streamMonitoring,
  "system-health.json": systemHealth,
  "performance.json": performance,
};

if (import.meta.main)
  for (const [name, dashboard] of Object.entries(DASHBOARDS))
    writeFileSync(join(DASHBOARD_FOLDER, name), dashboardJson(dashboard));
