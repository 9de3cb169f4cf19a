/** Every query of every dashboard, asked of a real Prometheus that watches the whole picture with a real broadcast in it. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onStage } from "../chaos/stage.ts";
import { publish, streamhub, until } from "../e2e/server.ts";
import { insecurely, startTopology } from "../topology/topology.ts";
import { answering, lately, metricNames } from "./ask-prometheus.ts";
import { dashboardJson, type Panel } from "./dashboard.ts";
import { DASHBOARD_FOLDER, DASHBOARDS } from "./dashboard-files.ts";
import { readRules } from "./prometheus-files.ts";
import { runbookQueries } from "./runbooks.ts";

setDefaultTimeout(150_000);

const panels = Object.entries(DASHBOARDS).flatMap(([file, { rows }]) =>
  rows.flatMap(({ panels }) => panels.map((panel) => ({ file, panel }))),
);

describe("the dashboards", () => {
  test("are those of the files: bun run dashboards", () => {
    expect(readdirSync(DASHBOARD_FOLDER).sort()).toEqual(Object.keys(DASHBOARDS).sort());
    for (const [name, dashboard] of Object.entries(DASHBOARDS))
      expect(readFileSync(join(DASHBOARD_FOLDER, name), "utf8") === dashboardJson(dashboard), name).toBe(true);
  });

  test("have a place for each panel, and uids that stay", () => {
    const uids = Object.values(DASHBOARDS).map(({ uid }) => uid);
    expect(uids).toEqual(["streamhub-api", "streamhub-streams", "streamhub-health", "streamhub-performance"]);
    for (const name of Object.keys(DASHBOARDS)) {
      const { panels } = JSON.parse(readFileSync(join(DASHBOARD_FOLDER, name), "utf8")) as {
        panels: { id: number; gridPos: Record<"x" | "y" | "w" | "h", number> }[];
      };
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    }
  });
});

/** As Grafana fills in its variables; the rates are of a scrape a second. */
const filled = (expr: string) => expr.replaceAll("$instance", ".+").replaceAll("$__rate_interval", "15s");

/** Metrics that a query asks for, without what rules record; a histogram by its one name. */
const askedIn = (expr: string): string[] =>
  [...expr.matchAll(/(?<![:\w])(?:streamhub|process|nginx|pg|redis|node|prometheus)_\w+(?!\w*:)/g)].map(([name]) =>
    name.replace(/_bucket$/, ""),
  );

/** Alerts that a slow machine, or a start a moment ago, may be the cause of. */
const MAY_BE = "Watchdog|Host.+|EventLoopLate|PartsLate|ApiSlow|ApiErrors|DeliveryErrors|ViewersStall|DatabaseSlow";

const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
/** What a player says of how it plays. */
const REPORT = {
  ...{ player: "hls", joinMs: 420, latencyMs: 1_900, playedMs: 4_000, stalledMs: 0, stalls: 0 },
  ...{ switches: 0, frames: 120, dropped: 0, errors: 0 },
};

test("every query of every panel has data while somebody is live and somebody watches, and every metric of an alert exists", async () => {
  await onStage(1, async (stage) => {
    const { site, prometheus, ports, env } = await startTopology(stage, {
      metricsToken: randomBytes(36).toString("base64url"),
      scrapeInterval: "1s",
    });
    const made = await streamhub(["channel", "create", "--slug", "tower", "--title", "Tower", "--json"], { env });
    const { streamKey } = JSON.parse(made.stdout) as { streamKey: string };
    const encoder = publish(`rtmp://127.0.0.1:${ports.rtmp}/live/${streamKey}`);
    stage.cleanUp(() => encoder.stop());
    const get = (path: string, init?: RequestInit) => insecurely(`${site}${path}`, init);
    const listening = new AbortController();
    stage.cleanUp(() => listening.abort());
    const events = await get("/api/events?topics=streams", { signal: listening.signal });
    expect(events.status).toBe(200);
    const live = await until("it is live", async () => {
      const { items } = (await (await get("/api/streams?live=true")).json()) as { items: { id: number }[] };
      return items[0];
    });
    const opened = await get(`/api/streams/${live.id}/views`, { method: "POST", headers: BROWSER });
    const { sessionId } = (await opened.json()) as { sessionId: string };
    const headers = {
      ...BROWSER,
      "content-type": "application/json",
      cookie: opened.headers
        .getSetCookie()
        .map((each) => each.split(";", 1)[0])
        .join("; "),
    };
    // A viewer, by the second.
    let seconds = 0;
    const watching = setInterval(() => {
      for (const path of ["/live/tower/master.m3u8", "/live/tower/video/index.m3u8", `/api/streams/${live.id}`])
        get(path).catch(() => {});
      // As many reports as one session may send.
      if (seconds++ % 4 === 0)
        get(`/api/views/${sessionId}/quality`, { method: "POST", headers, body: JSON.stringify(REPORT) }).catch(
          () => {},
        );
    }, 1_000);
    stage.cleanUp(() => clearInterval(watching));
    await until("it is seen by Prometheus", async () => (await answering(prometheus)).ingest === 2);

    const empty = async ({ queries }: Panel) => {
      const missing: string[] = [];
      for (const { expr } of queries) {
        const found = await lately(prometheus, filled(expr), 15);
        const hasData = found.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));
        if (!hasData) missing.push(expr);
      }
      return missing;
    };
    let missing: readonly string[] = ["nothing was asked"];
    await until(
      "every panel has data",
      async () => {
        const found: string[] = [];
        for (const { file, panel } of panels)
          found.push(...(await empty(panel)).map((expr) => `${file} | ${panel.title} | ${expr}`));
        missing = found;
        return found.length === 0;
      },
      60,
    ).catch((error: unknown) => {
      throw new Error(`without data:\n${missing.join("\n")}`, { cause: error });
    });

    const firing = await lately(prometheus, 'ALERTS{alertstate="firing"}', 1);
    expect(firing.map(({ metric }) => metric.alertname)).toContain("Watchdog");
    const unfounded = await lately(prometheus, `ALERTS{alertname!~"${MAY_BE}"}`, 1);
    expect(unfounded.map(({ metric }) => metric)).toEqual([]);
    const failures = await lately(prometheus, "sum(prometheus_rule_evaluation_failures_total)", 1);
    expect(failures.map(({ values }) => values.at(-1)?.[1])).toEqual(["0"]);

    const rules = readRules();
    const advice = rules.flatMap(({ alert }) => (alert === undefined ? [] : runbookQueries(alert)));
    // Whether they are queries: most have data only when something is wrong.
    for (const expr of advice) await lately(prometheus, expr, 1);
    const names = await metricNames(prometheus);
    const asked = [...rules.map(({ expr }) => expr), ...advice].flatMap(askedIn);
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });
});
