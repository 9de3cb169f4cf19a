import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Registry } from "prom-client";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(120_000);

const HEADERS = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const REPORT = {
  player: "hls",
  joinMs: 420,
  playedMs: 57_000,
  stalledMs: 3_000,
  stalls: 2,
  latencyMs: 2_200,
  switches: 1,
  frames: 1_500,
  dropped: 15,
  errors: 1,
};
const metrics = new Registry();

let platform: TestPlatform;
let owner: TestUser;
let channels = 0;

beforeAll(async () => {
  platform = await startPlatform({ metrics });
  owner = await platform.makeUser({ username: "ada" });
});
afterAll(() => platform.close());

async function watch() {
  const streamId = await (await platform.makeChannel(`one-${++channels}`, { owner })).goLive();
  const open = async () => {
    const response = await platform.request("POST", `/api/streams/${streamId}/views`, {}, HEADERS);
    return ((await response.json()) as { sessionId: string }).sessionId;
  };
  return { streamId, open };
}

async function send(sessionId: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await platform.request("POST", `/api/views/${sessionId}/quality`, body, { ...HEADERS, ...headers });
  if (response.status === 204) return "204";
  return `${response.status} ${((await response.json()) as { code: string }).code}`;
}

const read = async (streamId: number) =>
  (await owner.request("GET", `/api/statistics/stream/${streamId}/quality`)).json();

test("what players say adds up for the stream, over many writes and by way of playing", async () => {
  const { streamId, open } = await watch();
  const [one, two] = [await open(), await open()];
  expect(await send(one, REPORT)).toBe("204");
  await platform.views.flush();
  // As a beacon sends it, after the end of the session.
  await platform.request("POST", `/api/views/${two}/end`, undefined, HEADERS);
  const { joinMs: _join, latencyMs: _latency, ...rest } = REPORT;
  expect(await send(two, JSON.stringify({ ...rest, player: "dash" }), { "content-type": "text/plain" })).toBe("204");
  expect(await send(one, REPORT)).toBe("204");
  await platform.views.flush();
  const hls = {
    reports: 2,
    joins: 2,
    joinTime: { p50: 0.45, p95: 0.5 },
    latency: { p50: 2.25, p95: 2.48 },
    stallRatio: 0.05,
    stalls: 4,
    switches: 2,
    errors: 2,
    droppedRatio: 0.01,
  };
  expect(await read(streamId)).toEqual({
    streamId,
    ...hls,
    reports: 3,
    stalls: 6,
    switches: 3,
    errors: 3,
    players: [
      {
        player: "dash",
        ...hls,
        reports: 1,
        joins: 0,
        joinTime: { p50: null, p95: null },
        latency: { p50: null, p95: null },
        stalls: 2,
        switches: 1,
        errors: 1,
      },
      { player: "hls", ...hls },
    ],
  });
  const words = await metrics.metrics();
  expect(words).toContain('streamhub_playback_join_seconds_count{player="hls"} 2');
  expect(words).toContain('streamhub_playback_stalled_seconds_total{player="dash"} 3');
});

test("a stream that nobody reported on has no numbers, not zeros", async () => {
  const { streamId } = await watch();
  expect(await read(streamId)).toMatchObject({ reports: 0, stallRatio: null, joinTime: { p50: null }, players: [] });
});

test("what is no report, too much of one, or of no session is refused and counts for nothing", async () => {
  const { streamId, open } = await watch();
  const session = await open();
  const wrong = [undefined, "", "{", { ...REPORT, player: "vhs" }, { ...REPORT, stalls: -1 }, { ...REPORT, who: "me" }];
  for (const body of [...wrong, { ...REPORT, playedMs: 1e9 }, { ...REPORT, joinMs: 0.5 }])
    expect(await send(session, body)).toBe("422 request.invalid");
  expect(await send("x".repeat(22), REPORT)).toBe("404 view.not-found");
  await platform.views.flush();
  expect(await read(streamId)).toMatchObject({ reports: 0 });
});

test("a session is heard six times at once and no more", async () => {
  const { streamId, open } = await watch();
  const session = await open();
  const answers = [];
  for (let n = 0; n < 8; n++) answers.push(await send(session, REPORT));
  expect(answers).toEqual([...Array(6).fill("204"), "429 limit.exceeded", "429 limit.exceeded"]);
  await platform.views.flush();
  expect(await read(streamId)).toMatchObject({ reports: 6 });
});

test("what could not be written is written with the next", async () => {
  const { streamId, open } = await watch();
  const session = await open();
  await send(session, REPORT);
  await platform.database.sql`alter table playback_quality rename to playback_quality_away`;
  await expect(platform.views.flush()).rejects.toThrow();
  await platform.database.sql`alter table playback_quality_away rename to playback_quality`;
  await send(session, REPORT);
  await platform.views.flush();
  expect(await read(streamId)).toMatchObject({ reports: 2 });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
