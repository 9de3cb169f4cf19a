/** A broadcast on the real server, sent on to a second one: from the API to what plays there. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  makeDataDir,
  type Publisher,
  probe,
  publish,
  removeDataDir,
  startServer,
  type TestServer,
  until,
} from "./e2e/server.ts";

setDefaultTimeout(120_000);

const KEY_THERE = "k3y-of-the-other-server-0123456789";
let folders: string[] = [];
let server: TestServer;
let there: TestServer;
let encoder: Publisher;
let bearer: Record<string, string>;

async function ask<T>(site: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${site}${path}`, {
    method,
    headers: { "content-type": "application/json", ...bearer },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? null : await response.json()) as T;
}

interface Status {
  readonly id: number;
  readonly state: string;
  readonly bytes: number;
}

beforeAll(async () => {
  folders = [makeDataDir(), makeDataDir()];
  const [here, other] = folders as [string, string];
  server = await startServer({ dataDir: here, env: { RESTREAM_ANYWHERE: "true" } });
  there = await startServer({ dataDir: other });
  const account = { username: "ada", email: "ada@example.org", password: "correct horse battery staple" };
  const { accessToken } = await ask<{ accessToken: string }>(server.site, "POST", "/api/auth/register", account);
  bearer = { authorization: `Bearer ${accessToken}` };
});
afterAll(async () => {
  await encoder?.stop();
  await server?.stop();
  await there?.stop();
  for (const folder of folders) removeDataDir(folder);
});

test("it goes on air there when it is switched on, and off when it is switched off; the key stands in no log and no metric", async () => {
  const { id } = await ask<{ id: number }>(server.site, "POST", "/api/channels", { slug: "night", title: "Night" });
  const key = await ask<{ streamKey: string }>(server.site, "GET", `/api/channels/${id}/stream-key`);
  encoder = publish(`${server.rtmp}/${key.streamKey}`);
  const live = () => ask<{ items: { id: number }[] }>(server.site, "GET", `/api/streams?live=true&channelId=${id}`);
  const stream = await until("it is live", async () => (await live()).items[0]);
  const statusOf = async () =>
    (await ask<{ restreams: Status[] }>(server.site, "GET", `/api/streams/${stream.id}/status`)).restreams[0];

  const path = `/api/channels/${id}/restreams`;
  const wrong = { name: "There", url: there.rtmp, key: KEY_THERE };
  const made = await ask<{ id: number }>(server.site, "POST", path, wrong);
  await until("the other server refuses the key", async () => (await statusOf())?.state === "refused");
  await ask(server.site, "PATCH", `${path}/${made.id}`, { key: there.streamKey });
  await until("it is live there", async () => {
    const status = await statusOf();
    return status?.state === "live" && status.bytes > 0;
  });
  const streams = await probe(`${there.rtmp}/${there.slug}`);
  expect(streams.map(({ type }) => type).sort()).toEqual(["audio", "video"]);

  const metrics = await (await fetch(`${server.site}/metrics`)).text();
  expect(metrics).toContain('streamhub_restream_targets{state="live"} 1');
  await ask(server.site, "PATCH", `${path}/${made.id}`, { isActive: false });
  const thereLive = async () => {
    const { items } = (await (await fetch(`${there.site}/api/streams?live=true`)).json()) as { items: unknown[] };
    return items.length;
  };
  await until("it is over there", async () => (await thereLive()) === 0);
  await ask(server.site, "PATCH", `${path}/${made.id}`, { isActive: true });
  await until("it is live there again", async () => (await thereLive()) === 1);
  await encoder.stop();
  await until("the end is told there", async () => (await thereLive()) === 0, 60);
  const said = `${server.log()} ${metrics}`;
  for (const secret of [KEY_THERE, there.streamKey, key.streamKey]) expect(said).not.toContain(secret);
});
