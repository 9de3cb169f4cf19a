/** Prometheus with the files of `deploy/prometheus`, and what it asks of the machine, PostgreSQL and Redis, as processes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "../chaos/stage.ts";
import { freePort, startProgram } from "../e2e/part.ts";
import { until } from "../e2e/server.ts";
import { prometheusConfiguration } from "./prometheus-files.ts";

export interface MonitoringOptions {
  readonly port: number;
  /** host:port of what has metrics of its own. */
  readonly api: readonly string[];
  readonly ingest: readonly string[];
  readonly gateway: readonly string[];
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** METRICS_TOKEN. */
  readonly token: string | null;
  /** Default: as in the file. */
  readonly scrapeInterval?: string;
}

const LOOPBACK = "127.0.0.1";

/** The exporter's driver asks for TLS unless it is told not to; ours does not. */
function withoutTls(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "disable");
  return url.href;
}

/** Its address, once it answers. Everything ends with the stage. */
export async function startMonitoring(stage: Stage, options: MonitoringOptions): Promise<string> {
  const { port, api, ingest, gateway, databaseUrl, redisUrl, token, scrapeInterval } = options;
  const folder = stage.dataDir();
  const start = (command: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const program = startProgram(command, env);
    stage.cleanUp(() => program.stop());
  };
  const exporter = async (name: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const address = `${LOOPBACK}:${await freePort()}`;
    start([`prometheus-${name}`, `--web.listen-address=${address}`], env);
    return address;
  };
  const targets = {
    api,
    ingest,
    gateway,
    "node-exporter": [await exporter("node-exporter")],
    // By the environment: everybody on the machine sees what stands on a command line.
    "postgres-exporter": [await exporter("postgres-exporter", { DATA_SOURCE_NAME: withoutTls(databaseUrl) })],
    "redis-exporter": [await exporter("redis-exporter", { REDIS_ADDR: redisUrl })],
    prometheus: [`${LOOPBACK}:${port}`],
  };
  const tokenFile = token === null ? null : join(folder, "metrics-token");
  if (tokenFile !== null && token !== null) writeFileSync(tokenFile, token, { mode: 0o600 });
  const path = join(folder, "prometheus.yml");
  const more = scrapeInterval === undefined ? {} : { scrapeInterval };
  writeFileSync(path, prometheusConfiguration({ targets, tokenFile, ...more }));
  const data = join(folder, "data");
  mkdirSync(data);
  start([
    "prometheus",
    `--config.file=${path}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${LOOPBACK}:${port}`,
  ]);
  const url = `http://${LOOPBACK}:${port}`;
  await until("Prometheus answers", async () => (await fetch(`${url}/-/ready`)).ok);
  return url;
}
