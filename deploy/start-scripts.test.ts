/** The scripts that containers begin with, run by a shell with the real programs. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "@streamhub/api/env";
import { RedisClient } from "bun";
import { freePort } from "../cli/e2e/part.ts";
import { until } from "../cli/e2e/server.ts";
import { withSecretFiles } from "../cli/secret-files.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "streamhub-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compose = Bun.YAML.parse(readFileSync(join(import.meta.dir, "..", "docker-compose.yml"), "utf8")) as {
  readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};

async function sh(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn(["sh", join(import.meta.dir, script), ...args], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const complained = await new Response(child.stderr).text();
  return { code: await child.exited, complained };
}

const secrets = join(folder, "secrets");
const secret = (name: string) => join(secrets, compose.secrets[name]!.file.split("/").at(-1)!);

test("the secrets that compose names are made, once, and the environment takes them", async () => {
  expect(await sh("secrets.sh", [secrets])).toEqual({ code: 0, complained: "" });
  const files = readdirSync(secrets).sort();
  expect(files).toEqual(
    Object.keys(compose.secrets)
      .map((name) => secret(name).slice(secrets.length + 1))
      .sort(),
  );
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
  const contents = () => files.map((name) => readFileSync(join(secrets, name), "utf8"));
  const before = contents();
  rmSync(secret("metrics_token"));
  await sh("secrets.sh", [secrets]);
  const changed = files.filter((_, index) => contents()[index] !== before[index]);
  expect(changed).toEqual(["metrics_token"]);

  for (const part of ["api", "ingest", "migrate"]) {
    const given = Object.entries(compose.services[part]!.environment).map(([name, value]) => {
      const [, file] = /^\/run\/secrets\/(.*)$/.exec(value) ?? [];
      return [name, file === undefined ? value.replace(/^\$\{\w+:-(.*)\}$/, "$1") : secret(file)];
    });
    const env = readEnv(withSecretFiles(Object.fromEntries(given)), { partsRunApart: true });
    expect(env.databaseUrl).toMatch(/^postgres:\/\/streamhub:[0-9a-f]{64}@postgres:5432\/streamhub$/);
    expect(env.s3?.bucket).toBe(part === "ingest" ? "streamhub" : undefined!);
  }
});

test("NGINX takes its configuration from the script, with the token from its file", async () => {
  const run = join(folder, "nginx");
  const cache = join(folder, "cache");
  for (const path of [run, cache]) mkdirSync(path);
  chmodSync(cache, 0o777);
  // What Debian's NGINX can't: it is older than `resolve`, and has the stream module in a file.
  const { GATEWAY_TOKEN_FILE: _, ...given } = compose.services.gateway!.environment;
  const env = {
    ...given,
    GATEWAY_TEMPLATE: join(import.meta.dir, "nginx/nginx.conf.template"),
    GATEWAY_MODULES: "/etc/nginx/modules-enabled/*.conf",
    GATEWAY_RUN_DIR: run,
    GATEWAY_CACHE_DIR: cache,
    GATEWAY_HTTPS_AUTHORITY: "$host",
    GATEWAY_CERT: secret("tls_cert"),
    GATEWAY_KEY: secret("tls_key"),
    GATEWAY_API_SERVERS: "server 127.0.0.1:8000;",
    GATEWAY_MEDIA_SERVERS: "server 127.0.0.1:8080;",
    GATEWAY_RTMP_SERVERS: "server 127.0.0.1:1935 max_fails=1;",
  };
  const told = await sh("nginx/start.sh", ["-t"], { ...env, GATEWAY_TOKEN_FILE: secret("gateway_token") });
  expect(told).toMatchObject({ code: 0, complained: expect.stringContaining("test is successful") });
  const written = readFileSync(join(run, "nginx.conf"), "utf8");
  expect(written).toContain(`Bearer ${readFileSync(secret("gateway_token"), "utf8").trim()}"`);
  // NGINX's own names are left as they are.
  expect(written).toContain("return 308 https://$host$request_uri;");
  // Debian's module is loaded, and Debian's NGINX is built without HTTP/3.
  expect(written).toContain(`include ${join(import.meta.dir, "nginx/brotli.conf")};`);
  expect(written).not.toContain("quic");
  const wanted = await sh("nginx/start.sh", ["-t"], { ...env, GATEWAY_TOKEN: "t", GATEWAY_QUIC: "on" });
  expect(wanted).toEqual({ code: 1, complained: "GATEWAY_QUIC is on, and this NGINX is built without HTTP/3.\n" });
  expect(statSync(join(run, "nginx.conf")).mode & 0o077).toBe(0);

  rmSync(join(run, "nginx.conf"));
  const none = await sh("nginx/start.sh", ["-t"], env);
  expect(none).toMatchObject({ code: 1, complained: expect.stringMatching(/^GATEWAY_TOKEN must be set/) });
  expect(existsSync(join(run, "nginx.conf"))).toBe(false);
});

test("a build that can HTTP/3 is told to, and tells browsers on which port; one without brotli is not told of it", async () => {
  const programs = join(folder, "programs");
  const run = join(folder, "other-nginx");
  for (const path of [programs, run]) mkdirSync(path);
  // Debian has no such build: its words for what it can are all that the script goes by.
  const build = "#!/bin/sh\nif [ \"$1\" = -V ]; then echo 'configure arguments: --with-http_v3_module' >&2; fi\n";
  writeFileSync(join(programs, "nginx"), build, { mode: 0o755 });
  const written = async (more: Readonly<Record<string, string>>) => {
    const env = {
      ...compose.services.gateway!.environment,
      PATH: `${programs}:/usr/bin:/bin`,
      GATEWAY_TEMPLATE: join(import.meta.dir, "nginx/nginx.conf.template"),
      GATEWAY_RUN_DIR: run,
      GATEWAY_TOKEN_FILE: secret("gateway_token"),
      ...more,
    };
    expect(await sh("nginx/start.sh", [], env)).toEqual({ code: 0, complained: "" });
    return readFileSync(join(run, "nginx.conf"), "utf8");
  };
  const on = await written({ GATEWAY_QUIC: "on", GATEWAY_HTTPS_AUTHORITY: "$host" });
  expect(on).toContain(`listen 8443 quic reuseport; add_header Alt-Svc 'h3=":443"; ma=86400' always;`);
  expect(on).not.toContain("brotli.conf;");
  const elsewhere = await written({ GATEWAY_QUIC: "on", GATEWAY_HTTPS_AUTHORITY: "$host:9443" });
  expect(elsewhere).toContain(`h3=":9443"`);
  for (const more of [{}, { GATEWAY_QUIC: "off" }] as const) expect(await written(more)).not.toContain("quic");
});

test("Redis wants the password of its file, and throws no job away", async () => {
  const port = await freePort();
  const run = join(folder, "redis");
  mkdirSync(run);
  const env = {
    PATH: "/usr/bin:/bin",
    REDIS_PASSWORD_FILE: secret("redis_password"),
    REDIS_CONFIGURATION: join(import.meta.dir, "redis/redis.conf"),
    REDIS_RUN_DIR: run,
    REDIS_DATA_DIR: run,
  };
  const child = Bun.spawn(["sh", join(import.meta.dir, "redis/start.sh"), "--port", String(port)], {
    env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    const password = readFileSync(secret("redis_password"), "utf8").trim();
    const client = await until("Redis answers", async () => {
      const made = new RedisClient(`redis://:${password}@127.0.0.1:${port}`, { autoReconnect: false });
      return made.send("PING", []).then(
        () => made,
        () => null,
      );
    });
    expect(await client.send("CONFIG", ["GET", "maxmemory-policy"])).toEqual({ "maxmemory-policy": "noeviction" });
    expect(await client.send("CONFIG", ["GET", "appendonly"])).toEqual({ appendonly: "yes" });
    client.close();
    const stranger = new RedisClient(`redis://127.0.0.1:${port}`, { autoReconnect: false });
    await expect(stranger.send("PING", [])).rejects.toThrow("NOAUTH");
    stranger.close();
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
  const empty = join(folder, "empty");
  writeFileSync(empty, "\n");
  expect(await sh("redis/start.sh", [], { ...env, REDIS_PASSWORD_FILE: empty })).toMatchObject({ code: 1 });
});

test("all scripts are what a POSIX shell reads", async () => {
  const scripts = [...new Bun.Glob("**/*.sh").scanSync(import.meta.dir)];
  expect(scripts.length).toBeGreaterThanOrEqual(5);
  for (const script of scripts) {
    const child = Bun.spawn(["sh", "-n", join(import.meta.dir, script)], { stdio: ["ignore", "ignore", "pipe"] });
    expect([script, await child.exited]).toEqual([script, 0]);
  }
});
