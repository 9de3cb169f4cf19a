/** The operator's programs as real HTTP servers, asked by a real listener about real RTMP peers; nginx-rtmp stands beside as the measure. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Registry as PromRegistry } from "prom-client";
import { startNginxWith } from "../../bench/servers/nginx.ts";
import { admitted, openServer, type TestServer, until, type Verdict } from "../../test/server/open-server.ts";
import { AVC_CONFIG, avcFrame } from "../../test/server/peer-bytes.ts";
import { openClient, openStarted, type RtmpClient } from "../../test/server/rtmp-client.ts";
import { ms } from "../bytes/units.ts";
import type { Refused } from "../live/ports.ts";
import { type CallbackName, type CallbackSettings, makeCallbacks, type StoppableCallbacks } from "./callbacks.ts";
import { type CallerLimits, DEFAULT_CALLER_LIMITS } from "./caller.ts";

setDefaultTimeout(30_000);

const UNKNOWN: Refused = { kind: "refused", code: "publish.unknown-key", reason: "Because." };

type Fields = Record<string, string>;
interface Hook {
  readonly url: string;
  readonly heard: { readonly method: string; readonly type: string | null; readonly fields: Fields }[];
  of(call: string): Fields[];
  stop(): void;
}

const cleanUps: (() => unknown)[] = [];
let metrics: PromRegistry;
beforeEach(() => {
  metrics = new PromRegistry();
});
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

function startHook(answer: (fields: Fields) => Response | Promise<Response> = () => new Response("ok")): Hook {
  const heard: Hook["heard"] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const text = request.method === "POST" ? await request.text() : new URL(request.url).search.slice(1);
      const fields = Object.fromEntries(new URLSearchParams(text));
      heard.push({ method: request.method, type: request.headers.get("content-type"), fields });
      return answer(fields);
    },
  });
  const stop = () => void server.stop(true);
  cleanUps.push(stop);
  const of = (call: string) => heard.map(({ fields }) => fields).filter((fields) => fields.call === call);
  return { url: `http://127.0.0.1:${server.port}/hook?token=hook-secret`, heard, of, stop };
}

const NOWHERE: Record<CallbackName, null> = {
  on_publish: null,
  on_publish_done: null,
  on_play: null,
  on_play_done: null,
  on_update: null,
};
const everywhere = (url: string) =>
  Object.fromEntries(Object.keys(NOWHERE).map((name) => [name, url])) as Record<CallbackName, string>;

function openWith(
  urls: Partial<Record<CallbackName, string>>,
  more: Partial<CallbackSettings> = {},
  limits: CallerLimits = DEFAULT_CALLER_LIMITS,
  verdict: Verdict = ({ key }) => admitted(key === "secret-key" ? "show" : `${key}-live`, 1),
): { server: TestServer; callbacks: StoppableCallbacks } {
  const log = {
    debug() {},
    info: (fields: object, text: string) => void server.logged.push(lineOf("info", fields, text)),
    warn: (fields: object, text: string) => void server.logged.push(lineOf("warn", fields, text)),
    error() {},
  };
  const callbacks = makeCallbacks({
    urls: { ...NOWHERE, ...urls },
    method: "post",
    updateSeconds: 30,
    metrics,
    log,
    limits,
    ...more,
  });
  const server = openServer({ callbacks, verdict });
  cleanUps.push(async () => {
    await server[Symbol.asyncDispose]();
    await callbacks.stop();
  });
  return { server, callbacks };
}
const lineOf = (level: string, fields: object, text: string) => ({
  level,
  code: String((fields as { code?: string }).code),
  text: `${JSON.stringify(fields)} ${text}`,
});

function keep(client: RtmpClient): RtmpClient {
  cleanUps.push(() => client[Symbol.dispose]());
  return client;
}
const publish = async (port: number, name: string) => keep(await openStarted(port, { mode: "publish", name }));
const play = async (port: number, name: string) => keep(await openStarted(port, { mode: "play", name }));

async function count(callback: CallbackName, outcome: string): Promise<number | undefined> {
  const metric = await metrics.getSingleMetric("streamhub_ingest_callbacks_total")!.get();
  return metric.values.find(({ labels }) => labels.callback === callback && labels.outcome === outcome)?.value;
}

/** Counted once, a moment after the program has sent its answer. */
async function untilCounted(callback: CallbackName, outcome: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while ((await count(callback, outcome)) !== 1 && Date.now() < deadline) await Bun.sleep(5);
  expect(await count(callback, outcome)).toBe(1);
}

describe("on_publish", () => {
  test("a publisher is asked about before the gate is, and told of when it is gone", async () => {
    const hook = startHook();
    const { server } = openWith(everywhere(hook.url));
    const client = await publish(server.port, "secret-key?user=ada&name=forged&CALL=play");
    expect(client.session.state).toBe("started");
    expect(server.asked.map(({ key }) => key)).toEqual(["secret-key"]);
    expect(hook.heard).toHaveLength(1);
    expect(hook.heard[0]).toMatchObject({ method: "POST", type: "application/x-www-form-urlencoded" });
    expect(hook.heard[0]!.fields).toEqual({
      app: "live",
      flashver: expect.any(String),
      swfurl: "",
      tcurl: `rtmp://127.0.0.1:${server.port}/live`,
      pageurl: "",
      addr: "127.0.0.1",
      clientid: "1",
      call: "publish",
      type: "live",
      name: "secret-key",
      user: "ada",
    });
    client.unpublish();
    await until("its end is told", () => hook.of("publish_done").length === 1);
    expect(hook.of("publish_done")[0]).toMatchObject({ name: "secret-key", user: "ada", clientid: "1" });
    expect(await count("on_publish", "allowed")).toBe(1);
    await untilCounted("on_publish_done", "allowed");
    const said = `${JSON.stringify(server.logged)} ${await metrics.metrics()}`;
    for (const secret of ["secret-key", "hook-secret"]) expect(said).not.toContain(secret);
  });

  test.each([403, 404, 500])("an answer of %i keeps it out, and the gate is not asked", async (status) => {
    const hook = startHook(() => new Response("no", { status }));
    const { server } = openWith(everywhere(hook.url));
    const client = await publish(server.port, "key");
    expect(client.events.at(-1)).toMatchObject({ type: "failed", code: "NetStream.Publish.BadName" });
    expect(server.allClosed()).toEqual({ "refused.not-allowed": 1 });
    expect(server.asked).toEqual([]);
    expect(await count("on_publish", "refused")).toBe(1);
    expect(hook.of("publish_done")).toEqual([]);
  });

  test("302 with a name in Location: it publishes with that key", async () => {
    const hook = startHook(() => new Response(null, { status: 302, headers: { location: "true-key" } }));
    const { server } = openWith({ on_publish: hook.url });
    await publish(server.port, "alias?a=b");
    expect(server.asked.map(({ key }) => key)).toEqual(["true-key"]);
    expect(await count("on_publish", "renamed")).toBe(1);
  });

  test.each(["rtmp://elsewhere.example/live/x", "/path", "", null])("302 to %p keeps it out", async (location) => {
    const headers = location === null ? {} : { location };
    const hook = startHook(() => new Response(null, { status: 302, headers: headers as Record<string, string> }));
    const { server } = openWith({ on_publish: hook.url });
    await publish(server.port, "key");
    expect(server.allClosed()).toEqual({ "refused.not-allowed": 1 });
  });

  test("a program that is down keeps publishers out, is logged once, and once more when it is back", async () => {
    const gone = startHook();
    gone.stop();
    const { server } = openWith({ on_publish: gone.url });
    for (let i = 0; i < 3; i++) await publish(server.port, "secret-key");
    expect(server.allClosed()).toEqual({ "refused.unavailable": 3 });
    expect(server.logged.filter(({ code }) => code === "callback.unanswered")).toHaveLength(1);
    const port = Number(new URL(gone.url).port);
    const back = Bun.serve({ port, hostname: "127.0.0.1", fetch: () => new Response("ok") });
    cleanUps.push(() => back.stop(true));
    const client = await publish(server.port, "secret-key");
    expect(client.session.state).toBe("started");
    expect(server.logged.filter(({ code }) => code === "callback.answered")).toHaveLength(1);
    expect(JSON.stringify(server.logged)).not.toMatch(/secret-key|hook-secret/);
    expect(await count("on_publish", "unreachable")).toBe(3);
  });

  test("a program that takes too long keeps publishers out; so many are asked about at once, so many wait", async () => {
    const hook = startHook(() => new Promise<Response>(() => {}));
    const { server } = openWith({ on_publish: hook.url }, {}, { timeout: ms(400), maxAtOnce: 1, maxWaiting: 1 });
    const clients: RtmpClient[] = [];
    for (let i = 0; i < 3; i++) clients.push(keep(await openClient(server.port, { mode: "publish", name: `key${i}` })));
    await until("one is too many", () => clients.some((client) => client.isClosed()));
    expect(hook.heard).toHaveLength(1);
    await until("all are refused", () => clients.every((client) => client.isClosed()));
    expect(server.allClosed()).toEqual({ "refused.unavailable": 3 });
    expect(await count("on_publish", "busy")).toBe(1);
    expect(await count("on_publish", "timeout")).toBe(2);
  });

  test("who is allowed and gone meanwhile is told of as done", async () => {
    let allow = () => {};
    const hook = startHook(async ({ call }) => {
      if (call === "publish") await new Promise<void>((resolve) => (allow = resolve));
      return new Response("ok");
    });
    const { server } = openWith(everywhere(hook.url));
    const client = keep(await openClient(server.port, { mode: "publish", name: "key" }));
    await until("it is asked about", () => hook.of("publish").length === 1);
    client[Symbol.dispose]();
    await until("it is gone", () => server.rtmp.connections() === 0);
    allow();
    await until("that is told", () => hook.of("publish_done").length === 1);
    expect(server.registry.size).toBe(0);
  });
});

test("without programs what stands behind a ? is no part of the key either", async () => {
  await using server = openServer();
  await publish(server.port, "key?a=b");
  expect(server.asked.map(({ key }) => key)).toEqual(["key"]);
});

test("who was allowed and whose key is not good is told of as done", async () => {
  const hook = startHook();
  const { server } = openWith(everywhere(hook.url), {}, DEFAULT_CALLER_LIMITS, () => UNKNOWN);
  await publish(server.port, "key");
  expect(server.allClosed()).toEqual({ "refused.unknown-key": 1 });
  await until("its end is told", () => hook.of("publish_done").length === 1);
});

test("on_play: asked with what follows the name, refused, renamed, and told of", async () => {
  const hook = startHook(({ call, name }) => {
    if (call !== "play") return new Response("ok");
    if (name === "nobody") return new Response("no", { status: 403 });
    return name === "alias"
      ? new Response(null, { status: 301, headers: { location: "one-live" } })
      : new Response("ok");
  });
  const { server } = openWith(everywhere(hook.url));
  const encoder = await publish(server.port, "one");
  encoder.send("video", 0, AVC_CONFIG);
  encoder.send("video", 40, avcFrame(true, 500));
  const refused = await play(server.port, "nobody");
  expect(refused.events.at(-1)).toMatchObject({ type: "failed", code: "NetStream.Play.StreamNotFound" });
  expect(server.closed("refused.not-allowed")).toBe(1);
  const player = await play(server.port, "alias?who=me");
  await until("it gets the picture", () => player.media().length >= 2);
  expect(hook.of("play").map(({ name, who }) => [name, who])).toEqual([
    ["nobody", undefined],
    ["alias", "me"],
  ]);
  player[Symbol.dispose]();
  await until("its end is told", () => hook.of("play_done").length === 1);
  expect(hook.of("play_done")[0]).toMatchObject({ name: "alias", who: "me" });
});

test("on_update: asked about while it goes on; a refusal ends it at once, a program that is down does not", async () => {
  let status = 200;
  const hook = startHook(({ call }) => new Response("", { status: call === "update_publish" ? status : 200 }));
  const { server } = openWith({ on_update: hook.url, on_publish_done: hook.url }, { updateSeconds: 1 });
  const client = await publish(server.port, "one");
  client.send("video", 0, AVC_CONFIG);
  client.send("video", 1_234, avcFrame(true, 500));
  const beat = setInterval(() => client.send("audio", 1_234, Uint8Array.of(0x2f, 1)), 300);
  cleanUps.push(() => clearInterval(beat));
  await until("it is asked about", () => hook.of("update_publish").length === 1);
  const [asked] = hook.of("update_publish");
  expect(asked).toMatchObject({ name: "one", time: "1" });
  expect(Number(asked!.timestamp)).toBe(1_234);
  expect(client.session.state).toBe("started");
  status = 403;
  await until("it is sent away", () => client.isClosed());
  expect(server.allClosed()).toEqual({ "refused.not-allowed": 1 });
  expect(server.registry.size).toBe(0);
  await until("its end is told", () => hook.of("publish_done").length === 1);

  const second = await publish(server.port, "two");
  hook.stop();
  const again = setInterval(() => second.send("audio", 0, Uint8Array.of(0x2f, 1)), 300);
  cleanUps.push(() => clearInterval(again));
  await until("the question has failed", () => server.logged.some(({ code }) => code === "callback.unanswered"));
  expect(second.session.state).toBe("started");
});

test("by GET the fields are the query, behind what the address has", async () => {
  const hook = startHook();
  const { server } = openWith({ on_publish: hook.url }, { method: "get" });
  await publish(server.port, "key");
  expect(hook.heard[0]).toMatchObject({
    method: "GET",
    fields: { token: "hook-secret", call: "publish", name: "key" },
  });
});

test("a stop waits for what is on its way", async () => {
  const hook = startHook(async ({ call }) => {
    if (call === "publish_done") await Bun.sleep(200);
    return new Response("ok");
  });
  const { server, callbacks } = openWith(everywhere(hook.url));
  await publish(server.port, "key");
  await server.rtmp.stop(3_000);
  await callbacks.stop();
  expect(hook.of("publish_done")).toHaveLength(1);
  await untilCounted("on_publish_done", "allowed");
});

test("nginx-rtmp says the same to the same program of the same peer, in the fields that both have", async () => {
  const theirs = startHook();
  const ours = startHook();
  const base = theirs.url.split("?", 1)[0]!;
  const directives = Object.keys(NOWHERE)
    .map((name) => `${name} ${base};`)
    .join(" ");
  const nginx = await startNginxWith(`${directives} notify_update_timeout 1s;`);
  cleanUps.push(() => nginx.stop());
  const { server } = openWith(everywhere(ours.url), { updateSeconds: 1 });
  const [, told] = await Promise.all(
    [
      { port: nginx.target.port, hook: theirs, slug: "same" },
      { port: server.port, hook: ours, slug: "same-live" },
    ].map(async ({ port, hook, slug }) => {
      const tcUrl = "rtmp://tested.example/live";
      const encoder = keep(await openStarted(port, { mode: "publish", name: "same?a=1", tcUrl }));
      encoder.send("video", 0, AVC_CONFIG);
      encoder.send("video", 40, avcFrame(true, 500));
      const player = keep(await openStarted(port, { mode: "play", name: `${slug}?b=2`, tcUrl }));
      await until("updates are asked", () => ["publish", "play"].every((kind) => hook.of(`update_${kind}`).length > 0));
      player[Symbol.dispose]();
      await until("the player's end is told", () => hook.of("play_done").length === 1);
      encoder.unpublish();
      await until("the publisher's end is told", () => hook.of("publish_done").length === 1);
      return hook;
    }),
  );
  for (const call of ["publish", "play", "update_publish", "update_play", "publish_done", "play_done"]) {
    const [[they], [we]] = [theirs.of(call), told!.of(call)] as const;
    // nginx-rtmp cuts flashver off at 31 characters. What players ask for besides (start, duration, reset) is not passed on.
    const names = Object.keys(they!).filter((name) => !["start", "duration", "reset"].includes(name));
    expect(
      Object.keys(we!)
        .filter((name) => name !== "token")
        .sort(),
    ).toEqual(names.sort());
    const same = names.filter((name) => !["clientid", "name", "time", "timestamp", "flashver"].includes(name));
    expect(same.map((name) => [call, name, we![name]])).toEqual(same.map((name) => [call, name, they![name]!]));
  }
});
