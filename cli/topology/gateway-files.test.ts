import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { freePort, startNginx } from "../e2e/part.ts";
import { until } from "../e2e/server.ts";
import { GATEWAY_ABILITIES, gatewayConfiguration, makeCertificate } from "./gateway-files.ts";

setDefaultTimeout(60_000);

/** Written where NGINX reads it, with a certificate, on ports that are free. */
async function written(folder: string, apiServers = "server 127.0.0.1:8001; server 127.0.0.1:8002;") {
  const { cert, key } = await makeCertificate(folder);
  const [https, rtmps] = [await freePort(), await freePort()];
  const path = join(folder, "nginx.conf");
  const text = gatewayConfiguration({
    GATEWAY_MODULES: "/etc/nginx/modules-enabled/*.conf",
    GATEWAY_RUN_DIR: folder,
    GATEWAY_CACHE_DIR: folder,
    GATEWAY_CACHE_SIZE: "64m",
    GATEWAY_HTTP_PORT: String(await freePort()),
    GATEWAY_HTTPS_PORT: String(https),
    GATEWAY_RTMP_PORT: String(await freePort()),
    GATEWAY_RTMPS_PORT: String(rtmps),
    GATEWAY_METRICS_PORT: String(await freePort()),
    GATEWAY_HTTPS_AUTHORITY: `$host:${https}`,
    GATEWAY_CERT: cert,
    GATEWAY_KEY: key,
    GATEWAY_API_SERVERS: apiServers,
    GATEWAY_MEDIA_SERVERS: "server 127.0.0.1:8081; server 127.0.0.1:8082;",
    GATEWAY_RTMP_SERVERS: "server 127.0.0.1:1935 max_fails=1 fail_timeout=2s; server 127.0.0.1:1937;",
    GATEWAY_RESOLVER: "127.0.0.1",
    GATEWAY_TOKEN: "t".repeat(32),
    ...GATEWAY_ABILITIES,
  });
  writeFileSync(path, text);
  return { path, https, rtmps };
}

const NEVER_KEPT = { "cache-control": "no-store" };

const folders: string[] = [];
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-nginx-"));
  // NGINX's workers are another user.
  chmodSync(folder, 0o755);
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test("NGINX takes the configuration as it is", async () => {
  const { path } = await written(makeFolder());
  const child = Bun.spawn(["/usr/sbin/nginx", "-t", "-c", path], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  expect({ code: await child.exited, warns: said.includes("[warn]"), said }).toMatchObject({ code: 0, warns: false });
});

/** The version that was agreed on, or null when there was none. */
async function agreed(port: number, version: string): Promise<string | null> {
  // At security level 0 OpenSSL itself offers what is old.
  const options = [`-${version}`, "-cipher", "ALL:@SECLEVEL=0"];
  const child = Bun.spawn(["openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...options], {
    stdin: new Blob([""]),
    stdout: "pipe",
    stderr: "ignore",
    timeout: 10_000,
  });
  const said = await new Response(child.stdout).text();
  await child.exited;
  const [, name, cipher] = /^New, (\S+), Cipher is (\S+)/m.exec(said) ?? [];
  return name === undefined || cipher === "(NONE)" ? null : name;
}

test("TLS is 1.2 or 1.3, for browsers and for encoders", async () => {
  const { path, https, rtmps } = await written(makeFolder());
  const nginx = startNginx(path);
  try {
    for (const port of [https, rtmps]) {
      await until("it listens", () => agreed(port, "tls1_3"));
      expect(await agreed(port, "tls1_3")).toBe("TLSv1.3");
      expect(await agreed(port, "tls1_2")).toBe("TLSv1.2");
      for (const old of ["tls1_1", "tls1"]) expect(await agreed(port, old)).toBeNull();
    }
  } finally {
    await nginx.stop();
  }
});

test("a request that belongs to no trace begins one with its own id; another one's goes on", async () => {
  const api = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ headers }) =>
      Response.json({ trace: headers.get("traceparent"), id: headers.get("x-request-id") }, { headers: NEVER_KEPT }),
  });
  const { path, https } = await written(makeFolder(), `server 127.0.0.1:${api.port};`);
  const nginx = startNginx(path);
  const ask = async (headers: Record<string, string> = {}) => {
    const tls = { rejectUnauthorized: false };
    const response = await fetch(`https://127.0.0.1:${https}/api/streams`, { headers, tls } as RequestInit);
    return (await response.json()) as { trace: string; id: string };
  };
  try {
    const { trace, id } = await until("it answers", () => ask());
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(trace).toBe(`00-${id}-${id.slice(0, 16)}-01`);
    const theirs = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;
    expect((await ask({ traceparent: theirs })).trace).toBe(theirs);
    const forged = await ask({ traceparent: `${theirs}-more` });
    expect(forged.trace).toBe(`00-${forged.id}-${forged.id.slice(0, 16)}-01`);
  } finally {
    await nginx.stop();
    await api.stop(true);
  }
});

test("what the API did not compress is sent as brotli or gzip, as the client likes", async () => {
  const words = "body { color: black } ".repeat(200);
  const headers = { "content-type": "text/css", ...NEVER_KEPT };
  const api = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(words, { headers }) });
  const { path, https } = await written(makeFolder(), `server 127.0.0.1:${api.port};`);
  const nginx = startNginx(path);
  const ask = async (coding: string) => {
    const init = { headers: { "accept-encoding": coding }, decompress: false, tls: { rejectUnauthorized: false } };
    const response = await fetch(`https://127.0.0.1:${https}/style.css`, init as RequestInit);
    return { coding: response.headers.get("content-encoding"), body: Buffer.from(await response.arrayBuffer()) };
  };
  try {
    const br = await until("it answers", () => ask("gzip, br"));
    expect(br.coding).toBe("br");
    expect(brotliDecompressSync(br.body).toString()).toBe(words);
    const gzip = await ask("gzip");
    expect(gzip.coding).toBe("gzip");
    expect(gunzipSync(gzip.body).toString()).toBe(words);
    expect(await ask("identity")).toEqual({ coding: null, body: Buffer.from(words) });
  } finally {
    await nginx.stop();
    await api.stop(true);
  }
});

test("a name that is not given is told", () => {
  expect(() => gatewayConfiguration({})).toThrow("GATEWAY_");
});
