/** Live events of a real server: from the encoder to whoever listens, and the last words when the server stops. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { openSocket, openStream } from "../api/test/event-clients.ts";
import { makeDataDir, publish, removeDataDir, startServer, streamhub } from "./e2e/server.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

test("viewers hear of a broadcast within two seconds, its manager how it arrives, all when the server stops", async () => {
  const dataDir = makeDataDir();
  cleanUps.push(() => removeDataDir(dataDir));
  const server = await startServer({ dataDir });
  cleanUps.push(() => server.stop());
  const target = { port: server.httpPort };
  const password = "correct horse battery staple";
  const made = await streamhub(
    ["user", "create", "--username", "root", "--email", "root@example.org", "--role", "admin", "--password-stdin"],
    { env: { DATA_DIR: dataDir }, stdin: password },
  );
  expect(made.code).toBe(0);
  const login = await fetch(`${server.site}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login: "root", password }),
  });
  const { accessToken } = (await login.json()) as { accessToken: string };

  const viewer = await openStream(target, { query: "?topics=streams,viewers" });
  await viewer.find(({ type }) => type === "subscribed");
  const encoder = publish(`${server.rtmp}/${server.streamKey}`);
  cleanUps.push(() => encoder.stop());
  const started = await viewer.find(({ type }) => type === "stream.started");
  if (started.type !== "stream.started") throw new Error("unreachable");
  expect(started.data).toMatchObject({ slug: server.slug, visibility: "public" });
  expect(Date.now() - Date.parse(started.data.at)).toBeLessThan(2_000);

  const topic = `owner:${started.data.streamId}`;
  const manager = await openSocket(target, { headers: { authorization: `Bearer ${accessToken}` } });
  manager.say({ type: "subscribe", topics: [topic, "streams"] });
  const sample = await manager.find((message) => message.type === "stream.sample" && message.data.fps !== null);
  expect(sample).toMatchObject({ topic, data: { streamId: started.data.streamId } });
  const stranger = await openSocket(target, { query: `?topics=${topic}` });
  expect(await stranger.find(({ type }) => type === "error")).toMatchObject({ code: "auth.required", topic });

  // A browser, as programs are not counted; from its first heartbeat on.
  const browser = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
  const views = `${server.site}/api/streams/${started.data.streamId}/views`;
  const opened = await fetch(views, { method: "POST", headers: browser });
  const { sessionId } = (await opened.json()) as { sessionId: string };
  const [cookie = ""] = opened.headers.get("set-cookie")?.split(";") ?? [];
  const beat = await fetch(`${server.site}/api/views/${sessionId}/heartbeat`, {
    method: "POST",
    headers: { ...browser, cookie },
  });
  expect(beat.status).toBe(204);
  const counted = await viewer.find((message) => message.type === "viewers" && (message.data[0]?.viewers ?? 0) > 0);
  expect(counted).toMatchObject({ data: [{ streamId: started.data.streamId, viewers: 1 }] });

  expect(await server.stop()).toBe(0);
  expect(await manager.over).toMatchObject({ code: 1001 });
  expect(await viewer.over).toMatchObject({ code: 0 });
  for (const client of [manager, viewer])
    expect(client.messages.at(-1)).toMatchObject({ type: "bye", code: "server.unavailable" });
});
