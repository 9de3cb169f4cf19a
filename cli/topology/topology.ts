/** The whole picture as processes: NGINX and Prometheus with the files of `deploy/`, two APIs, two ingest nodes, PostgreSQL, Redis and an S3 server. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "../chaos/stage.ts";
import { freePort, type Part, startNginx, startPart } from "../e2e/part.ts";
import { until } from "../e2e/server.ts";
import { startMonitoring } from "../monitoring/monitoring.ts";
import { GATEWAY_ABILITIES, gatewayConfiguration, makeCertificate } from "./gateway-files.ts";

export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly rtmp: number;
  readonly rtmps: number;
  /** The gateway's own, for Prometheus. */
  readonly gatewayMetrics: number;
  readonly prometheus: number;
}

export interface Topology {
  readonly site: string;
  readonly prometheus: string;
  readonly ports: Ports;
  readonly apis: readonly Part[];
  readonly nodes: readonly Part[];
  /** For the command line beside it. Has secrets in it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface TopologyOptions {
  /** Default: free ones. */
  readonly ports?: Ports;
  /** An outside PostgreSQL; default: one of the stage. */
  readonly databaseUrl?: string | null;
  /** METRICS_TOKEN. Default: none, and this machine may read the metrics. */
  readonly metricsToken?: string;
  /** Of ingest nodes, besides what all have. */
  readonly ingestEnv?: Readonly<Record<string, string>>;
  /** How often Prometheus asks. Default: as its file says. */
  readonly scrapeInterval?: string;
}

const anyPorts = async (): Promise<Ports> => ({
  http: await freePort(),
  https: await freePort(),
  rtmp: await freePort(),
  rtmps: await freePort(),
  gatewayMetrics: await freePort(),
  prometheus: await freePort(),
});

/** Everything ends with the stage, what was started last first. */
export async function startTopology(stage: Stage, options: TopologyOptions = {}): Promise<Topology> {
  const folder = stage.dataDir();
  const [redis, s3] = await Promise.all([stage.redis(), stage.s3()]);
  const env: Record<string, string> = {
    DATABASE_URL: options.databaseUrl ?? (await stage.database()).url,
    REDIS_URL: redis.url,
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    JWT_SECRET: randomBytes(36).toString("base64url"),
    GATEWAY_TOKEN: randomBytes(36).toString("base64url"),
    TRUSTED_PROXIES: "127.0.0.1",
    RTMP_TRUSTED_PROXIES: "127.0.0.1",
    ...(options.metricsToken === undefined ? {} : { METRICS_TOKEN: options.metricsToken }),
    // Of the API, which keeps uploaded pictures there.
    DATA_DIR: join(folder, "api"),
  };
  const run = async (command: "api" | "ingest", name: string) => {
    const more = command === "ingest" ? options.ingestEnv : {};
    const part = await startPart(command, { ...env, ...more, DATA_DIR: join(folder, name) });
    stage.cleanUp(() => part.stop());
    return part;
  };
  // One after the other: the first one migrates.
  const apis = [await run("api", "api"), await run("api", "api")];
  const nodes = [await run("ingest", "ingest-1"), await run("ingest", "ingest-2")];
  const ports = options.ports ?? (await anyPorts());
  const { cert, key } = await makeCertificate(folder);
  for (const name of ["run", "cache"]) mkdirSync(join(folder, name));
  chmodSync(join(folder, "cache"), 0o777);
  const path = join(folder, "nginx.conf");
  const servers = (parts: readonly Part[], portOf: (part: Part) => unknown, more = "") =>
    parts.map((part) => `server 127.0.0.1:${portOf(part)}${more};`).join(" ");
  const apiPort = ({ said }: Part) => new URL(String(said.site)).port;
  const mediaPort = ({ said }: Part) => said.mediaPort;
  const text = gatewayConfiguration({
    GATEWAY_MODULES: "/etc/nginx/modules-enabled/*.conf",
    GATEWAY_RUN_DIR: join(folder, "run"),
    GATEWAY_CACHE_DIR: join(folder, "cache"),
    GATEWAY_CACHE_SIZE: "256m",
    GATEWAY_HTTP_PORT: String(ports.http),
    GATEWAY_HTTPS_PORT: String(ports.https),
    GATEWAY_RTMP_PORT: String(ports.rtmp),
    GATEWAY_RTMPS_PORT: String(ports.rtmps),
    GATEWAY_METRICS_PORT: String(ports.gatewayMetrics),
    GATEWAY_HTTPS_AUTHORITY: `$host:${ports.https}`,
    GATEWAY_CERT: cert,
    GATEWAY_KEY: key,
    GATEWAY_API_SERVERS: servers(apis, apiPort),
    GATEWAY_MEDIA_SERVERS: servers(nodes, mediaPort),
    GATEWAY_RTMP_SERVERS: servers(nodes, ({ said }) => said.rtmpPort, " max_fails=1 fail_timeout=2s"),
    GATEWAY_RESOLVER: "127.0.0.1",
    GATEWAY_TOKEN: env.GATEWAY_TOKEN!,
    ...GATEWAY_ABILITIES,
  });
  writeFileSync(path, text, { mode: 0o600 });
  const nginx = startNginx(path);
  stage.cleanUp(() => nginx.stop());
  const site = `https://127.0.0.1:${ports.https}`;
  await until("the gateway answers", async () => (await insecurely(`${site}/api/ready`)).status === 200);
  const prometheus = await startMonitoring(stage, {
    port: ports.prometheus,
    api: apis.map((part) => `127.0.0.1:${apiPort(part)}`),
    ingest: nodes.map((part) => `127.0.0.1:${mediaPort(part)}`),
    gateway: [`127.0.0.1:${ports.gatewayMetrics}`],
    databaseUrl: env.DATABASE_URL!,
    redisUrl: redis.url,
    token: options.metricsToken ?? null,
    ...(options.scrapeInterval === undefined ? {} : { scrapeInterval: options.scrapeInterval }),
  });
  return { site, prometheus, ports, apis, nodes, env };
}

/** The certificate is signed by itself. */
export const insecurely = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, tls: { rejectUnauthorized: false } } as RequestInit);
