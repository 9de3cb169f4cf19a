/** Streams over HTTP: their life, who may do what, and what is refused how. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { type Actor, makeActor, visitorOf } from "../../test/actors.ts";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import type { StreamStatus } from "./model.ts";

setDefaultTimeout(60_000);

type Asking = Pick<Actor, "request">;
interface Stream {
  readonly id: number;
  readonly title: string;
  readonly state: string;
  readonly scheduledFor: string | null;
  readonly playback: object | null;
  readonly isArchived: boolean;
}
interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string }[];
}

let platform: TestPlatform;
let ada: Actor;
let eve: Actor;
let moderator: Actor;
let admin: Actor;
let nobody: Asking;
/** Of the channel "one", which is ada's; made anew for each test. */
let channelId: number;
let streamKey: string;
const told: string[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  ada = await makeActor(platform, "ada");
  eve = await makeActor(platform, "eve");
  moderator = await makeActor(platform, "mona", "moderator");
  admin = await makeActor(platform, "root", "admin");
  nobody = visitorOf(platform);
  await platform.bus.events.subscribe(["streams", "ingest"], ({ topic, data }) => {
    const { type, streamId } = JSON.parse(data) as { type: string; streamId: number };
    told.push(`${topic} ${type} ${streamId}`);
  });
});
afterAll(() => platform?.close());

beforeEach(async () => {
  const { db, sql } = platform.database;
  await sql`truncate channels restart identity cascade`;
  const channel = await queries.createChannel(db, platform.vault, { slug: "one", title: "One", username: "ada" });
  channelId = channel.id;
  streamKey = channel.streamKey;
  told.length = 0;
});

async function read<T>(response: Promise<Response>): Promise<{ status: number; body: T }> {
  const answer = await response;
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as T };
}
const codeOf = async (response: Promise<Response>) => {
  const { status, body } = await read<Problem | null>(response);
  return `${status} ${body?.code ?? ""}`.trim();
};
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

async function plan(more: object = {}): Promise<Stream> {
  const { status, body } = await read<Stream>(
    ada.request("POST", `/api/streams/${channelId}`, { title: "Planned", scheduledFor: inHours(1), ...more }),
  );
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}
const post = (id: number, verb: "start" | "stop", actor: Asking = ada) =>
  read<Stream & Problem>(actor.request("POST", `/api/streams/${id}/${verb}`));
const publish = () =>
  queries.goLive(platform.database.db, platform.vault, { streamKey, nodeId: "n", staleAfterMs: 3_600_000 });
async function goLive(): Promise<number> {
  const result = await publish();
  if (result.kind !== "live") throw new Error(result.kind);
  return result.streamId;
}
const statusOf = async (id: number, actor: Asking = nobody) =>
  (await read<StreamStatus>(actor.request("GET", `/api/streams/${id}/status`))).body;

describe("the life of a stream", () => {
  test("planned, started, live, stopped, archived, deleted", async () => {
    const { id, ...planned } = await plan({ title: "Evening", description: "What we do" });
    expect(planned).toMatchObject({ state: "planned", playback: null, title: "Evening", description: "What we do" });
    expect((await post(id, "start")).body.state).toBe("armed");
    expect(await goLive()).toBe(id);
    const live = await read<Stream>(nobody.request("GET", `/api/streams/${id}`));
    expect(live.body).toMatchObject({ state: "live", playback: { hls: "/live/one/master.m3u8" } });
    const stopped = await post(id, "stop");
    expect(stopped).toMatchObject({ status: 200, body: { state: "ended", playback: null } });
    expect(told).toContain(`ingest cut ${id}`);
    expect(told.filter((line) => line === `streams stream.ended ${id}`)).toHaveLength(1);
    const archived = await read<Stream>(ada.request("PUT", `/api/streams/${id}`, { isArchived: true }));
    expect(archived.body).toMatchObject({ isArchived: true, state: "ended" });
    expect(await codeOf(ada.request("DELETE", `/api/streams/${id}`))).toBe("204");
    expect(await codeOf(nobody.request("GET", `/api/streams/${id}`))).toBe("404 stream.not-found");
  });

  test("an encoder that comes back by itself after a stop is refused, until a stream is started", async () => {
    const first = await goLive();
    await post(first, "stop");
    expect(await publish()).toMatchObject({ kind: "blocked" });
    const { id } = await plan();
    await post(id, "start");
    expect(await publish()).toMatchObject({ kind: "live", streamId: id });
  });

  test("what is not possible is a conflict that says why", async () => {
    const id = await goLive();
    expect(await read<Problem>(ada.request("PUT", `/api/streams/${id}`, { isArchived: true }))).toMatchObject({
      status: 409,
      body: { code: "stream.state", detail: "Only a stream that is over can be archived." },
    });
    await post(id, "stop");
    expect(await post(id, "start")).toMatchObject({
      status: 409,
      body: { code: "stream.state", detail: "A stream that is ended can't be started." },
    });
    const body = { scheduledFor: inHours(2) };
    expect(await codeOf(ada.request("PUT", `/api/streams/${id}`, body))).toBe("409 stream.state");
  });

  test("start and stop twice are as once, also at the same time", async () => {
    const { id } = await plan();
    const starts = await Promise.all(Array.from({ length: 6 }, () => post(id, "start")));
    expect(new Set(starts.map(({ body }) => body.state))).toEqual(new Set(["armed"]));
    await goLive();
    const stops = await Promise.all(Array.from({ length: 6 }, () => post(id, "stop")));
    expect(new Set(stops.map(({ body }) => body.state))).toEqual(new Set(["ended"]));
    expect(told.filter((line) => line === `ingest cut ${id}`)).toHaveLength(1);
    expect(told.filter((line) => line === `streams stream.ended ${id}`)).toHaveLength(1);
  });

  test("deleting a live one ends it and sends its encoder away", async () => {
    const id = await goLive();
    expect(await codeOf(ada.request("DELETE", `/api/streams/${id}`))).toBe("204");
    expect(told).toEqual([`streams stream.ended ${id}`, `ingest cut ${id}`]);
    expect(await publish()).toMatchObject({ kind: "blocked" });
    const [row] = await platform.database.sql`select is_live from channels`;
    expect(row).toEqual({ is_live: false });
  });

  test("changes are told", async () => {
    const id = await goLive();
    await ada.request("PUT", `/api/streams/${id}`, { title: "Now with guests" });
    expect(told).toEqual([`streams stream.updated ${id}`]);
  });
});

describe("who may do what", () => {
  const routes = (id: number | string) =>
    [
      ["GET", `/api/streams/${id}`],
      ["GET", `/api/streams/${id}/status`],
      ["PUT", `/api/streams/${id}`, { title: "New" }],
      ["POST", `/api/streams/${id}/start`],
      ["POST", `/api/streams/${id}/stop`],
      ["DELETE", `/api/streams/${id}`],
    ] as const;
  const outcomes = async (actor: Asking, id: number | string) => {
    const codes: string[] = [];
    for (const [method, path, body] of routes(id)) codes.push(await codeOf(actor.request(method, path, body)));
    return codes;
  };
  const unsigned = Array(4).fill("401 auth.required");

  test("an announced stream of a public channel", async () => {
    const { id } = await plan();
    expect(await outcomes(nobody, id)).toEqual(["200", "200", ...unsigned]);
    for (const actor of [eve, moderator])
      expect(await outcomes(actor, id)).toEqual(["200", "200", ...Array(4).fill("403 auth.forbidden")]);
    expect(await outcomes(ada, id)).toEqual(["200", "200", "200", "200", "200", "204"]);
    const { id: another } = await plan();
    expect(await outcomes(admin, another)).toEqual(["200", "200", "200", "200", "200", "204"]);
  });

  test("a draft, and whatever a private channel has, does not exist for others", async () => {
    const missing = "404 stream.not-found";
    const { id: draft } = await plan({ scheduledFor: null });
    expect(await outcomes(nobody, draft)).toEqual([missing, missing, ...unsigned]);
    for (const actor of [eve, moderator]) expect(await outcomes(actor, draft)).toEqual(Array(6).fill(missing));
    await platform.database.sql`update channels set visibility = 'private'`;
    const id = await goLive();
    expect(await outcomes(nobody, id)).toEqual([missing, missing, ...unsigned]);
    for (const actor of [eve, moderator]) expect(await outcomes(actor, id)).toEqual(Array(6).fill(missing));
    expect(await outcomes(ada, draft)).toEqual(["200", "200", "200", "200", "200", "204"]);
    expect(told).toEqual([]);
  });

  test("planning on a channel", async () => {
    const on = (actor: Asking, id: number | string) =>
      codeOf(actor.request("POST", `/api/streams/${id}`, { title: "x" }));
    const all = async () => [
      await on(nobody, 1),
      await on(eve, 1),
      await on(moderator, 1),
      await on(ada, 1),
      await on(admin, 1),
    ];
    expect(await all()).toEqual(["401 auth.required", "403 auth.forbidden", "403 auth.forbidden", "201", "201"]);
    await platform.database.sql`update channels set visibility = 'private'`;
    const missing = "404 channel.not-found";
    expect(await all()).toEqual(["401 auth.required", missing, missing, "201", "201"]);
    for (const id of ["0", "-1", "99", "2147483648", "1e300"])
      expect(["404 channel.not-found", "422 request.invalid"]).toContain(await on(ada, id));
  });

  test.each(["0", "-1", "999999", "2147483648", "99999999999999999999"])("id %s is not found", async (id) => {
    const codes = new Set(await outcomes(ada, id));
    expect([[["404 stream.not-found"]], [["422 request.invalid"]]]).toContainEqual([[...codes]]);
  });

  test.each(["x", "1.5", "%00", "1'--"])("id %s is no id", async (id) => {
    expect(new Set(await outcomes(ada, id))).toEqual(new Set(["422 request.invalid"]));
  });
});

describe("lists", () => {
  const titles = async (query: string, actor: Asking = nobody) =>
    (await read<{ items: Stream[] }>(actor.request("GET", `/api/streams?${query}`))).body.items.map(
      ({ title }) => title,
    );

  test("what is planned: announced ones for everyone, the next one first; drafts for their owner", async () => {
    await plan({ title: "later", scheduledFor: inHours(5) });
    await plan({ title: "soon", scheduledFor: inHours(2) });
    await plan({ title: "draft", scheduledFor: null });
    expect(await titles("status=planned")).toEqual(["soon", "later"]);
    expect(await titles("status=planned&sort=newest")).toEqual(["later", "soon"]);
    expect(await titles(`status=planned&channelId=${channelId}`, eve)).toEqual(["soon", "later"]);
    expect((await titles(`status=planned&channelId=${channelId}`, ada)).sort()).toEqual(["draft", "later", "soon"]);
    expect(await titles("")).toEqual([]);
  });

  test("by state, and by channel where that is known", async () => {
    const over = await goLive();
    await ada.request("PUT", `/api/streams/${over}`, { title: "over" });
    await post(over, "stop");
    await ada.request("PUT", `/api/streams/${over}`, { isArchived: true });
    const { id } = await plan({ title: "live" });
    await post(id, "start");
    await goLive();
    expect(await titles("status=live")).toEqual(["live"]);
    expect(await titles("status=ended")).toEqual(["over"]);
    expect(await titles("status=archived")).toEqual(["over"]);
    expect(await titles("sort=oldest")).toEqual(["over", "live"]);
    await platform.database.sql`update channels set visibility = 'unlisted'`;
    expect([await titles(""), await titles(`channelId=${channelId}`)]).toEqual([[], ["live", "over"]]);
    await platform.database.sql`update channels set visibility = 'private'`;
    expect([await titles(`channelId=${channelId}`), await titles(`channelId=${channelId}`, eve)]).toEqual([[], []]);
    expect(await titles(`channelId=${channelId}`, ada)).toEqual(["live", "over"]);
    expect(await titles(`channelId=${channelId}`, admin)).toEqual(["live", "over"]);
  });

  test("are searched", async () => {
    const id = await goLive();
    await ada.request("PUT", `/api/streams/${id}`, { title: "Шахматный вечер", description: "With a harbour" });
    for (const q of ["шахматные вечера", "harbours", "шахматнй"])
      expect(await titles(`q=${encodeURIComponent(q)}`)).toEqual(["Шахматный вечер"]);
    expect(await titles("q=football")).toEqual([]);
  });

  test.each(["status=over", "sort=best", "live=maybe", "channelId=x", "q=%00", `q=${"x".repeat(101)}`, "cursor=!!!"])(
    "%s is refused",
    async (query) => expect((await nobody.request("GET", `/api/streams?${query}`)).status).toBe(422),
  );
});

describe("pictures", () => {
  const pictureOf = async (id: number, actor: Asking = ada) =>
    (await read<{ thumbnailUrl: string | null }>(actor.request("GET", `/api/streams/${id}`))).body.thumbnailUrl;
  const ofChannel = async () =>
    (await read<{ thumbnailUrl: string | null }>(ada.request("GET", `/api/channels/${channelId}`))).body.thumbnailUrl;

  test("of a live stream it is that of the moment, afterwards its own", async () => {
    const id = await goLive();
    await platform.database.sql`update streams set thumbnail_url = '/uploads/own.webp'`;
    expect(await pictureOf(id)).toBe("/live/one/thumbnail.webp");
    expect(await ofChannel()).toBe("/live/one/thumbnail.webp");
    await platform.database.sql`update channels set thumbnail_url = '/uploads/channel.webp'`;
    expect(await ofChannel()).toBe("/uploads/channel.webp");
    await post(id, "stop");
    expect(await pictureOf(id)).toBe("/uploads/own.webp");
  });

  test("where a token is needed to see it, it is the stored one", async () => {
    const id = await goLive();
    await platform.database.sql`update channels set visibility = 'private'`;
    expect([await pictureOf(id), await ofChannel()]).toEqual([null, null]);
  });
});

describe("status", () => {
  const sample = {
    type: "stream.sample",
    bitrateKbps: 2_500,
    fps: 30,
    width: 1_920,
    height: 1_080,
    videoCodec: "H.264",
    audioCodec: "AAC",
    keyframeIntervalSeconds: 2,
    missingFrames: 0,
    skewMs: 12,
    problems: [{ code: "no-audio", severity: "warning", values: {}, detail: "No audio arrives.", fix: "OBS: Audio." }],
    packaging: { state: "live", failure: null, violations: 0, ladder: null },
  };

  test("of a live stream: what ingest measured, who watches, where it plays; problems for its owner", async () => {
    const id = await goLive();
    await platform.bus.cache.set(`sample:${id}`, JSON.stringify({ ...sample, streamId: id }), 10_000);
    await platform.bus.presence.touch([
      { set: `viewers:${id}`, member: "a", ttl: 30_000 },
      { set: `viewers:${id}`, member: "b", ttl: 30_000 },
    ]);
    const { problems, packaging, missingFrames, skewMs, type: _, ...measured } = sample;
    const status = await statusOf(id);
    expect(status).toMatchObject({
      ...measured,
      id,
      state: "live",
      viewers: 2,
      problems: [],
      playback: { hls: "/live/one/master.m3u8", dash: "/live/one/manifest.mpd" },
    });
    expect(status.uptimeSeconds).toBeGreaterThanOrEqual(0);
    for (const actor of [ada, admin]) expect(await statusOf(id, actor)).toMatchObject({ problems, packaging });
    for (const actor of [eve, moderator])
      expect(await statusOf(id, actor)).toMatchObject({ problems: [], packaging: null });
  });

  test.each([
    ["nothing", null],
    ["no JSON", "{"],
    ["another shape", '{"bitrateKbps":"many"}'],
    ["null", "null"],
  ])("of a live stream about which ingest says %s", async (_name, text) => {
    const id = await goLive();
    if (text !== null) await platform.bus.cache.set(`sample:${id}`, text, 10_000);
    else await platform.bus.cache.delete(`sample:${id}`);
    expect(await statusOf(id, ada)).toMatchObject({ state: "live", bitrateKbps: null, videoCodec: null, problems: [] });
  });

  test("of one that is planned, and of one that is over", async () => {
    const { id: planned } = await plan();
    expect(await statusOf(planned)).toMatchObject({
      state: "planned",
      uptimeSeconds: null,
      playback: null,
      viewers: 0,
    });
    const id = await goLive();
    await platform.database.sql`update streams set started_at = now() - interval '90 s' where id = ${id}`;
    expect((await statusOf(id)).uptimeSeconds).toBeGreaterThanOrEqual(90);
    await post(id, "stop");
    const { uptimeSeconds, state, playback, endedAt } = await statusOf(id);
    expect([state, playback, endedAt === null]).toEqual(["ended", null, false]);
    expect(uptimeSeconds).toBeGreaterThanOrEqual(90);
  });
});

describe("bad input", () => {
  test.each([
    ["no title", { scheduledFor: inHours(1) }],
    ["an empty title", { title: "" }],
    ["a title of 201", { title: "x".repeat(201) }],
    ["a title that is a number", { title: 1 }],
    ["a NUL", { title: "a\0" }],
    ["a title written backwards", { title: "\u202ex" }],
    ["a description of 5001", { title: "x", description: "x".repeat(5_001) }],
    ["a description that is a list", { title: "x", description: [] }],
    ["a time that is none", { title: "x", scheduledFor: "tomorrow" }],
    ["an empty time", { title: "x", scheduledFor: "" }],
    ["a time without a zone", { title: "x", scheduledFor: "2027-01-01T00:00" }],
    ["the 30th of February", { title: "x", scheduledFor: "2027-02-30T00:00:00Z" }],
    ["a time as a number", { title: "x", scheduledFor: 1_800_000_000 }],
    ["a time in the past", { title: "x", scheduledFor: "2020-01-01T00:00:00Z" }],
    ["a time beyond imagination", { title: "x", scheduledFor: "9999-12-31T23:59:59Z" }],
    ["a list", []],
  ])("planning with %s", async (_name, body) => {
    const answer = await read<Problem>(ada.request("POST", `/api/streams/${channelId}`, body));
    expect([answer.status, answer.body.code]).toEqual([422, "request.invalid"]);
    expect(answer.body.errors?.length).toBeGreaterThan(0);
  });

  test("changing with fields of the wrong type, or someone else's", async () => {
    const { id } = await plan();
    for (const body of [
      { isArchived: "yes" },
      { title: null },
      { title: " " },
      { scheduledFor: "x" },
      { isArchived: 1 },
    ])
      expect(await codeOf(ada.request("PUT", `/api/streams/${id}`, body))).toBe("422 request.invalid");
    const given = { title: "New", id: 99, channelId: 99, isLive: true, viewCount: 1_000, startedAt: inHours(0) };
    expect(await codeOf(ada.request("PUT", `/api/streams/${id}`, given))).toBe("200");
    expect((await read(nobody.request("GET", `/api/streams/${id}`))).body).toMatchObject({
      id,
      channelId,
      title: "New",
      isLive: false,
      viewCount: 0,
      startedAt: null,
    });
  });

  test("a channel holds so many planned streams", async () => {
    await platform.database
      .sql`insert into streams (channel_id, title) select ${channelId}, 'x' from generate_series(1, 50)`;
    expect(await codeOf(ada.request("POST", `/api/streams/${channelId}`, { title: "x" }))).toBe("409 stream.limit");
  });
});

test("no answer tells where ingest runs, or a key", async () => {
  const id = await goLive();
  for (const actor of [nobody, ada])
    for (const path of [
      "/api/streams",
      `/api/streams/${id}`,
      `/api/streams/${id}/status`,
      "/api/channels",
      `/api/channels/${channelId}`,
    ]) {
      const text = await (await actor.request("GET", path)).text();
      expect(text).not.toMatch(/ingest_?node|heartbeat|sealed|"search"|armedAt|blocked|peakViewers/i);
      expect(text).not.toContain(streamKey);
    }
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
