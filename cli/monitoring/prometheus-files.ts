/** `deploy/prometheus` as Prometheus and promtool read it, and as it has to be where its parts run on other addresses. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const PROMETHEUS_FOLDER = join(import.meta.dir, "..", "..", "deploy", "prometheus");

interface ScrapeConfig {
  readonly job_name: string;
  readonly authorization?: { readonly credentials_file: string };
  readonly dns_sd_configs?: readonly { readonly names: readonly string[] }[];
  readonly static_configs?: unknown;
}

export interface PrometheusConfig {
  readonly global: Readonly<Record<string, string>>;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeConfig[];
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleTest {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples?: readonly unknown[] }[];
}

const read = (...path: string[]): unknown => Bun.YAML.parse(readFileSync(join(PROMETHEUS_FOLDER, ...path), "utf8"));

const filesOf = (folder: string): string[] => readdirSync(join(PROMETHEUS_FOLDER, folder)).sort();

export const readConfig = (): PrometheusConfig => read("prometheus.yml") as PrometheusConfig;

export const readRules = (): Rule[] =>
  filesOf("rules").flatMap((name) =>
    (read("rules", name) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules),
  );

export const readRuleTests = (): RuleTest[] =>
  filesOf("tests").flatMap((name) => (read("tests", name) as { tests: RuleTest[] }).tests);

export interface Elsewhere {
  /** Addresses of each job; one that is not named is left out. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** File with METRICS_TOKEN; null: there is none. */
  readonly tokenFile: string | null;
  /** Default: as in the file. */
  readonly scrapeInterval?: string;
}

/** The same configuration for parts that are elsewhere. It is JSON, which is YAML too. Throws for a job that the file does not have. */
export function prometheusConfiguration({ targets, tokenFile, scrapeInterval }: Elsewhere): string {
  const config = readConfig();
  const unknown = Object.keys(targets).filter((job) => !config.scrape_configs.some(({ job_name }) => job_name === job));
  if (unknown.length > 0) throw new Error(`prometheus.yml has no job ${unknown.join(", ")}`);
  return JSON.stringify({
    ...config,
    global:
      scrapeInterval === undefined
        ? config.global
        : { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval, evaluation_interval: scrapeInterval },
    rule_files: config.rule_files.map((path) => join(PROMETHEUS_FOLDER, path)),
    scrape_configs: config.scrape_configs
      .filter(({ job_name }) => targets[job_name] !== undefined)
      .map(({ job_name, authorization, dns_sd_configs: _, static_configs: __, ...rest }) => ({
        ...rest,
        job_name,
        ...(authorization === undefined || tokenFile === null
          ? {}
          : { authorization: { ...authorization, credentials_file: tokenFile } }),
        static_configs: [{ targets: targets[job_name] }],
      })),
  });
}
