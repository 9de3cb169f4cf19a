/** Prometheus' own tools over `deploy/prometheus`, and that no alert is there without a test of it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  PROMETHEUS_FOLDER,
  prometheusConfiguration,
  readConfig,
  readRules,
  readRuleTests,
} from "./prometheus-files.ts";

setDefaultTimeout(60_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-prometheus-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function promtool(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const child = Bun.spawn(["promtool", ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, said: out + err };
}

const inFolder = (name: string): string[] =>
  readdirSync(join(PROMETHEUS_FOLDER, name)).map((file) => join(PROMETHEUS_FOLDER, name, file));

const OURS = ["api", "ingest"];
const jobs = readConfig().scrape_configs;
const rules = readRules();
const alerts = rules.filter(({ alert }) => alert !== undefined);

describe("deploy/prometheus", () => {
  test("the configuration is one, with the file of the token in its place", async () => {
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "t".repeat(32));
    const path = join(folder, "prometheus.yml");
    const text = readFileSync(join(PROMETHEUS_FOLDER, "prometheus.yml"), "utf8");
    writeFileSync(
      path,
      text.replaceAll("/run/secrets/metrics_token", tokenFile).replace("- rules/", `- ${PROMETHEUS_FOLDER}/rules/`),
    );
    const { code, said } = await promtool("check", "config", path);
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said).toContain(`${rules.length - alerts.length} rules found`);
    for (const { job_name, authorization } of jobs)
      expect([job_name, authorization !== undefined]).toEqual([job_name, OURS.includes(job_name)]);
  });

  test("every address is a service of docker-compose.yml, and Grafana looks where that puts its files", () => {
    const root = join(PROMETHEUS_FOLDER, "..", "..");
    const { services } = Bun.YAML.parse(readFileSync(join(root, "docker-compose.yml"), "utf8")) as {
      services: Record<string, { volumes?: string[]; secrets?: string[] }>;
    };
    for (const { job_name, dns_sd_configs } of jobs)
      if (job_name !== "prometheus") expect([job_name, dns_sd_configs?.[0]?.names]).toEqual([job_name, [job_name]]);
    expect(jobs.map(({ job_name }) => job_name).filter((name) => services[name] === undefined)).toEqual([]);
    expect(services.prometheus!.secrets).toContain("metrics_token");
    const { providers } = Bun.YAML.parse(
      readFileSync(join(root, "deploy", "grafana", "provisioning", "dashboards", "streamhub.yml"), "utf8"),
    ) as { providers: { options: { path: string } }[] };
    expect(services.grafana!.volumes).toContain(`./deploy/grafana/dashboards:${providers[0]!.options.path}:ro`);
  });

  test("the same for other addresses is one too, with all that the file says besides", async () => {
    const tokenFile = join(folder, "token");
    const path = join(folder, "elsewhere.yml");
    const targets = Object.fromEntries(jobs.map(({ job_name }) => [job_name, ["127.0.0.1:1"]]));
    writeFileSync(path, prometheusConfiguration({ targets, tokenFile, scrapeInterval: "1s" }));
    expect(await promtool("check", "config", path)).toMatchObject({ code: 0 });
    const { scrape_configs } = JSON.parse(readFileSync(path, "utf8")) as { scrape_configs: typeof jobs };
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(jobs.map(({ job_name }) => job_name));
    expect(() => prometheusConfiguration({ targets: { other: [] }, tokenFile: null })).toThrow("no job other");
  });

  test("the rules are rules", async () => {
    expect(await promtool("check", "rules", ...inFolder("rules"))).toMatchObject({ code: 0 });
  });

  test("they say what their tests expect", async () => {
    const { code, said } = await promtool("test", "rules", ...inFolder("tests"));
    expect({ code, said }).toMatchObject({ code: 0 });
  });
});

describe("every rule", () => {
  const tests = readRuleTests();

  test("that alerts is seen to fire, and not to", () => {
    const seen = tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
    const fires = seen.filter(({ exp_alerts = [] }) => exp_alerts.length > 0).map(({ alertname }) => alertname);
    const isQuiet = seen.filter(({ exp_alerts = [] }) => exp_alerts.length === 0).map(({ alertname }) => alertname);
    const names = alerts.map(({ alert }) => alert!);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !fires.includes(name))).toEqual([]);
    // One fires always: that is what it is for.
    expect(names.filter((name) => !isQuiet.includes(name))).toEqual(["Watchdog"]);
    expect(seen.map(({ alertname }) => alertname).filter((name) => !names.includes(name))).toEqual([]);
  });

  test("that records is seen to record", () => {
    const exprs = tests.flatMap(({ promql_expr_test = [] }) =>
      promql_expr_test.filter(({ exp_samples = [] }) => exp_samples.length > 0).map(({ expr }) => expr),
    );
    const names = rules.flatMap(({ record }) => (record === undefined ? [] : [record]));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !exprs.includes(name))).toEqual([]);
  });

  test("that alerts says how bad it is, what it is and where to read on", () => {
    for (const { alert, labels = {}, annotations = {} } of alerts) {
      expect(["critical", "warning", "none"]).toContain(labels.severity!);
      expect(Object.keys(annotations)).toEqual(["summary", "description", "runbook_url"]);
      expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`);
    }
  });
});
