import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayConfiguration, makeCertificate } from "./gateway-files.ts";

setDefaultTimeout(60_000);

test("NGINX takes the configuration as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-nginx-"));
  try {
    const { cert, key } = await makeCertificate(folder);
    const path = join(folder, "nginx.conf");
    const text = gatewayConfiguration({
      GATEWAY_MODULES: "/etc/nginx/modules-enabled/*.conf",
      GATEWAY_RUN_DIR: folder,
      GATEWAY_CACHE_DIR: folder,
      GATEWAY_CACHE_SIZE: "64m",
      GATEWAY_HTTP_PORT: "18080",
      GATEWAY_HTTPS_PORT: "18443",
      GATEWAY_RTMP_PORT: "11935",
      GATEWAY_RTMPS_PORT: "11936",
      GATEWAY_METRICS_PORT: "19145",
      GATEWAY_HTTPS_AUTHORITY: "$host:18443",
      GATEWAY_CERT: cert,
      GATEWAY_KEY: key,
      GATEWAY_API_SERVERS: "server 127.0.0.1:8001; server 127.0.0.1:8002;",
      GATEWAY_MEDIA_SERVERS: "server 127.0.0.1:8081; server 127.0.0.1:8082;",
      GATEWAY_RTMP_SERVERS: "server 127.0.0.1:1935 max_fails=1 fail_timeout=2s; server 127.0.0.1:1937;",
      GATEWAY_RESOLVER: "127.0.0.1",
      GATEWAY_TOKEN: "t".repeat(32),
    });
    writeFileSync(path, text);
    const child = Bun.spawn(["/usr/sbin/nginx", "-t", "-c", path], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = await new Response(child.stderr).text();
    expect({ code: await child.exited, warns: said.includes("[warn]"), said }).toMatchObject({ code: 0, warns: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a name that is not given is told", () => {
  expect(() => gatewayConfiguration({})).toThrow("GATEWAY_");
});
