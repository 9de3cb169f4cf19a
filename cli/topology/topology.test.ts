/** Two API and two ingest processes behind the gateway, with a real encoder: one address for everything, whichever node has the broadcast. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { onStage } from "../chaos/stage.ts";
import { makeDataDir, publish, removeDataDir, streamhub, until } from "../e2e/server.ts";
import { gatewayConfiguration, makeCertificate } from "./gateway-files.ts";

setDefaultTimeout(180_000);

const ROOT = join(import.meta.dir, "..", "..");
const SECRET = "a secret of all processes, 32 characters and more";

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });

async function start(command: string, env: Record<string, string>) {
  const child = Bun.spawn([process.execPath, join(ROOT, "streamhub.ts"), command, "--json"], {
    cwd: ROOT,
    env: {
      ...process.env,
      HOST: "127.0.0.1",
      HTTP_PORT: "0",
      RTMP_PORT: "0",
      MEDIA_PORT: "0",
      LOG_LEVEL: "warn",
      ...env,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let text = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} did not start: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return { child, said: JSON.parse(text.split("\n", 1)[0]!) as Record<string, unknown> };
}

const insecure = { tls: { rejectUnauthorized: false } } as RequestInit;

test("playlists and segments by one address; one request up for all viewers; a node that dies is followed", async () => {
  await onStage(1, async (stage) => {
    const [database, redis, s3] = await Promise.all([stage.database(), stage.redis(), stage.s3()]);
    const folder = makeDataDir();
    stage.cleanUp(() => removeDataDir(folder));
    const common: Record<string, string> = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      JWT_SECRET: SECRET,
      GATEWAY_TOKEN: "t".repeat(32),
      TRUSTED_PROXIES: "127.0.0.1",
      RTMP_TRUSTED_PROXIES: "127.0.0.1",
    };
    const run = async (command: string, name: string) => {
      const started = await start(command, { ...common, DATA_DIR: join(folder, name) });
      stage.cleanUp(async () => {
        started.child.kill("SIGKILL");
        await started.child.exited;
      });
      return started;
    };
    const apis = [await run("api", "api"), await run("api", "api")];
    const nodes = [await run("ingest", "ingest-1"), await run("ingest", "ingest-2")];
    const [http, https, rtmp, rtmps] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const { cert, key } = await makeCertificate(folder);
    for (const name of ["run", "cache"]) mkdirSync(join(folder, name));
    chmodSync(join(folder, "cache"), 0o777);
    writeFileSync(
      join(folder, "nginx.conf"),
      gatewayConfiguration({
        GATEWAY_MODULES: "/etc/nginx/modules-enabled/*.conf",
        GATEWAY_RUN_DIR: join(folder, "run"),
        GATEWAY_CACHE_DIR: join(folder, "cache"),
        GATEWAY_CACHE_SIZE: "256m",
        GATEWAY_HTTP_PORT: String(http),
        GATEWAY_HTTPS_PORT: String(https),
        GATEWAY_RTMP_PORT: String(rtmp),
        GATEWAY_RTMPS_PORT: String(rtmps),
        GATEWAY_HTTPS_AUTHORITY: `$host:${https}`,
        GATEWAY_CERT: cert,
        GATEWAY_KEY: key,
        GATEWAY_API_SERVERS: apis.map(({ said }) => `server 127.0.0.1:${new URL(String(said.site)).port};`).join(" "),
        GATEWAY_MEDIA_SERVERS: nodes.map(({ said }) => `server 127.0.0.1:${said.mediaPort};`).join(" "),
        GATEWAY_RTMP_SERVERS: nodes
          .map(({ said }) => `server 127.0.0.1:${said.rtmpPort} max_fails=1 fail_timeout=2s;`)
          .join(" "),
        GATEWAY_RESOLVER: "127.0.0.1",
        GATEWAY_TOKEN: common.GATEWAY_TOKEN!,
      }),
    );
    const nginx = Bun.spawn(["/usr/sbin/nginx", "-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    stage.cleanUp(async () => {
      nginx.kill("SIGTERM");
      await nginx.exited;
    });
    const site = `https://127.0.0.1:${https}`;
    const get = (path: string) => fetch(`${site}${path}`, insecure);
    await until("the gateway answers", async () => (await get("/api/ready")).status === 200);
    const moved = await fetch(`http://127.0.0.1:${http}/watch/x`, { redirect: "manual" });
    expect([moved.status, moved.headers.get("location")]).toEqual([308, `${site}/watch/x`]);
    for (const path of ["/metrics", "/stat", "/gateway/ingest/tower"]) expect((await get(path)).status).toBe(404);

    const env = { ...common, DATA_DIR: join(folder, "api"), HOST: "127.0.0.1" };
    const made = await streamhub(["channel", "create", "--slug", "tower", "--title", "Tower", "--json"], { env });
    const { streamKey } = JSON.parse(made.stdout) as { streamKey: string };
    const connect = () => publish(`rtmp://127.0.0.1:${rtmp}/live/${streamKey}`);
    const playlist = "/live/tower/video/index.m3u8";
    const segments = async () =>
      [...(await (await get(playlist)).text()).matchAll(/^(\d+\.m4s)$/gm)].map(([name]) => name);

    const encoder = connect();
    stage.cleanUp(() => encoder.stop());
    await until("it plays", async () => (await segments()).length > 0, 60);
    const statistics = async () =>
      Promise.all(
        nodes.map(async ({ said }) => {
          const text = await (await fetch(`http://127.0.0.1:${said.mediaPort}/metrics`)).text();
          const asked = /^streamhub_delivery_responses_total\{kind="segment",status="200"\} (\d+)/m.exec(text)?.[1];
          return { live: Number(/^streamhub_ingest_broadcasts (\d+)/m.exec(text)?.[1]), asked: Number(asked ?? 0) };
        }),
      );
    const before = await statistics();
    const owner = before.findIndex(({ live }) => live === 1);
    expect(before.map(({ live }) => live).sort()).toEqual([0, 1]);
    const address = `/live/tower/video/${(await segments())[0]}`;
    const viewers = await Promise.all(Array.from({ length: 2 }, async () => (await get(address)).arrayBuffer()));
    expect(viewers[0]!.byteLength).toBeGreaterThan(1_000);
    expect(Buffer.from(viewers[0]!).equals(Buffer.from(viewers[1]!))).toBe(true);
    const after = await statistics();
    expect(after[owner]!.asked - before[owner]!.asked).toBe(1);

    nodes[owner]!.child.kill("SIGKILL");
    await nodes[owner]!.child.exited;
    await encoder.exited;
    const left = nodes[1 - owner]!;
    const mediaUrl = `http://127.0.0.1:${left.said.mediaPort}`;
    // As encoders do: again and again until they are let in.
    const began = performance.now();
    const next = await until("the other node has it", async () => {
      const retry = connect();
      const isIn = await Promise.race([
        retry.exited.then(() => false),
        until(
          "it is live",
          async () => /^streamhub_ingest_broadcasts 1/m.test(await (await fetch(`${mediaUrl}/metrics`)).text()),
          8,
        ).catch(() => false),
      ]);
      if (isIn === true) return retry;
      await retry.stop();
      return null;
    });
    stage.cleanUp(() => next.stop());
    console.log(`the retry was let in after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await until(
      "the same address plays",
      async () => {
        const names = await segments();
        return names.length > 0 && (await get(`/live/tower/video/${names.at(-1)}`)).status === 200;
      },
      60,
    );
  });
});
