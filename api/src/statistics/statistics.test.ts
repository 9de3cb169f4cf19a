/** Statistics over HTTP: who may read what, wrong ranges, and what the numbers are. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;
let eve: TestUser;
let moderator: TestUser;
let admin: TestUser;
let channelId: number;
let privateId: number;
let streamId: number;
let privateStreamId: number;

const NOW = Date.now();
const DAY = 86_400_000;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
/** Noon of the day so many days ago. */
const noon = (daysAgo: number) => new Date(Date.parse(`${dayOf(NOW - daysAgo * DAY)}T12:00:00Z`));
const FROM = dayOf(NOW - 9 * DAY);
const TO = dayOf(NOW);

async function makeStream(channel: number, title: string, startedAt: Date, minutes: number): Promise<number> {
  const [row] = await platform.database.sql<{ id: number }[]>`
    insert into streams (channel_id, title, started_at, ended_at, duration, view_count, peak_viewers)
    values (${channel}, ${title}, ${startedAt.toISOString()}, ${new Date(startedAt.getTime() + minutes * 60_000).toISOString()}, ${minutes * 60}, 4, 7) returning id`;
  return row!.id;
}

let sessions = 0;
async function view(stream: number, startedAt: Date, watched: number, more: Record<string, unknown> = {}) {
  const ended = new Date(startedAt.getTime() + watched * 1000);
  const { user_id = null, visitor = `v${sessions}`, device = "desktop", referrer = "" } = more;
  await platform.database.sql`
    insert into stream_views (stream_id, user_id, session_id, visitor, device, referrer, watch_duration, started_at, ended_at)
    values (${stream}, ${user_id as number}, ${`session-${++sessions}`}, ${visitor as string}, ${device as string}, ${referrer as string},
      ${watched}, ${startedAt.toISOString()}, ${ended.toISOString()})`;
}

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser({ username: "ada" });
  eve = await platform.makeUser({ username: "eve" });
  moderator = await platform.makeUser({ username: "mona", role: "moderator" });
  admin = await platform.makeUser({ username: "rooty", role: "admin" });
  channelId = (await platform.makeChannel("adas", { owner: ada })).id;
  privateId = (await platform.makeChannel("hidden", { owner: ada, visibility: "private" })).id;
  streamId = await makeStream(channelId, '=HYPERLINK("http://x","Привет, мир")', noon(5), 3);
  privateStreamId = await makeStream(privateId, "hidden", noon(5), 10);
  await view(streamId, noon(5), 60, { user_id: eve.id, device: "mobile", referrer: "example.org" });
  await view(streamId, noon(5), 30, { user_id: eve.id, device: "mobile" });
  await view(streamId, noon(4), 30, { user_id: eve.id });
  await view(streamId, noon(4), 60);
  await view(streamId, noon(15), 100);
  await view(privateStreamId, noon(0), 5, { user_id: eve.id });
  await platform.database.sql`insert into stream_minutes (stream_id, minute, viewers, watched)
    values (${streamId}, 0, 2, 4), (${streamId}, 2, 5, 1), (${streamId}, 900, 99, 99)`;
  await queries.rollUpStatistics(platform.database.db, { now: NOW });
});
afterAll(() => platform?.close());

const json = async <T>(response: Promise<Response>) => (await response).json() as Promise<T>;
interface Problem {
  readonly code: string;
  readonly errors?: readonly { readonly field: string; readonly in: string }[];
}
const codeOf = async (response: Promise<Response>) => {
  const answer = await response;
  const { code = "" } = answer.status === 200 ? {} : ((await answer.json()) as Problem);
  return `${answer.status} ${code}`.trim();
};
const range = `from=${FROM}&to=${TO}`;
const channelPaths = (id: unknown) =>
  ["", "/daily", "/top-streams"].map((path) => `/api/statistics/channel/${id}${path}`);
const streamPaths = (id: unknown) =>
  ["", "/timeline", "/retention"].map((path) => `/api/statistics/stream/${id}${path}`);
const userPath = (id: unknown) => `/api/statistics/user/${id}/overview`;

describe("who may read", () => {
  const codes = (user: Pick<TestUser, "request">, paths: string[]) =>
    Promise.all(paths.map((path) => codeOf(user.request("GET", path))));

  test("owner and administrators; everyone else is refused, and learns nothing of what is private", async () => {
    const open = [...channelPaths(channelId), ...streamPaths(streamId), userPath(ada.id)];
    const hidden = [...channelPaths(privateId), ...streamPaths(privateStreamId)];
    for (const user of [ada, admin]) expect(new Set(await codes(user, [...open, ...hidden]))).toEqual(new Set(["200"]));
    for (const user of [eve, moderator]) {
      expect(new Set(await codes(user, open))).toEqual(new Set(["403 auth.forbidden"]));
      expect(await codes(user, hidden)).toEqual([
        ...Array(3).fill("404 channel.not-found"),
        ...Array(3).fill("404 stream.not-found"),
      ]);
    }
    expect(new Set(await codes(platform, [...open, ...hidden]))).toEqual(new Set(["401 auth.required"]));
  });

  test.each(["0", "-1", "999999", "2147483648", "99999999999999999999", "1e300"])("id %s is not found", async (id) => {
    const found = await codes(admin, [...channelPaths(id), ...streamPaths(id), userPath(id)]);
    for (const code of found) expect(code).toMatch(/^(404 (channel|stream|user)\.not-found|422 request\.invalid)$/);
  });

  test.each(["x", "1.5", "NaN", "1;drop", "%00"])("id %s is no id", async (id) => {
    expect(new Set(await codes(admin, [...channelPaths(id), ...streamPaths(id), userPath(id)]))).toEqual(
      new Set(["422 request.invalid"]),
    );
  });

  test("nobody's cache may keep an answer, in whatever form", async () => {
    for (const path of [...channelPaths(channelId), ...streamPaths(streamId), userPath(ada.id)]) {
      const answer = await ada.request("GET", path);
      expect([path, answer.headers.get("cache-control"), answer.headers.get("etag")]).toEqual([path, "no-store", null]);
    }
    const csv = await ada.request("GET", `/api/statistics/channel/${channelId}/daily?format=csv`);
    expect(csv.headers.get("cache-control")).toBe("no-store");
    expect(csv.headers.get("x-request-id")).not.toBeNull();
  });
});

describe("ranges", () => {
  const paths = () => [...channelPaths(channelId), userPath(ada.id)];

  test.each([
    ["from=2026-02-30", ["from"]],
    ["to=2026-13-01", ["to"]],
    ["from=2026-1-1", ["from"]],
    ["from=yesterday&to=tomorrow", ["from", "to"]],
    ["from=", ["from"]],
    ["to=", ["to"]],
    ["from=0000-00-00", ["from"]],
    ["from=1999-12-31&to=2000-01-01", ["from"]],
    ["to=3000-01-01", ["to"]],
    ["to=99999-01-01", ["to"]],
    ["to=-2026-01-01", ["to"]],
    ["from=2026-11-02&to=2026-11-01", ["from"]],
    ["from=2999-01-01", ["from"]],
    ["from=2025-01-01&to=2026-02-05", ["from"]],
    ["from=2026-11-01T00:00:00Z", ["from"]],
    [`from=${"9".repeat(5_000)}`, ["from"]],
    ["from=2026-11-01%00", ["from"]],
    ["from=%D9%A2%D9%A0%D9%A2%D9%A6-11-01", ["from"]],
    ["from=2026-11-01'--", ["from"]],
  ])("%s is refused with the field's name", async (query, fields) => {
    for (const path of paths()) {
      const answer = await ada.request("GET", `${path}?${query}`);
      const { code, errors } = (await answer.json()) as Problem;
      expect([answer.status, code]).toEqual([422, "request.invalid"]);
      expect(errors?.map((error) => [error.in, error.field])).toEqual(fields.map((field) => ["query", field]));
    }
  });

  test.each(["limit=x", "limit=1.5", "sort=best", "format=xml", "sort=", "format="])("%s is refused", async (query) => {
    expect(await codeOf(ada.request("GET", `${channelPaths(channelId)[2]}?${query}`))).toBe("422 request.invalid");
  });

  test("a limit beyond its range is brought into it", async () => {
    const lengths = ["-5", "0", "1000000"].map(
      async (limit) =>
        (await json<{ items: unknown[] }>(ada.request("GET", `${channelPaths(channelId)[2]}?${range}&limit=${limit}`)))
          .items.length,
    );
    expect(await Promise.all(lengths)).toEqual([1, 1, 1]);
  });

  test("the last thirty days by default, up to `to`, at most 400", async () => {
    const daily = (query: string) =>
      json<{ from: string; to: string; items: { date: string }[] }>(
        ada.request("GET", `/api/statistics/channel/${channelId}/daily${query}`),
      );
    const usual = await daily("");
    // Midnight may be now.
    expect([TO, dayOf(Date.now())]).toContain(usual.to);
    expect([usual.from, usual.items.length]).toEqual([dayOf(Date.parse(usual.to) - 29 * DAY), 30]);
    expect((await daily("?to=2024-03-01")).from).toBe("2024-02-01");
    const longest = await daily("?from=2025-01-01&to=2026-02-04");
    expect([longest.items.length, longest.items[58]?.date, longest.items[59]?.date, longest.items[399]?.date]).toEqual([
      400,
      "2025-02-28",
      "2025-03-01",
      "2026-02-04",
    ]);
    expect((await daily("?from=2024-02-29&to=2024-02-29")).items).toEqual([
      { date: "2024-02-29", totalViews: 0, uniqueViewers: 0, watchTime: 0, avgWatchTime: 0, peakViewers: 0 } as never,
    ]);
    expect((await daily("?from=2998-12-30&to=2999-12-31")).items.length).toBe(367);
  });
});

describe("numbers", () => {
  test("of a channel, with what was before", async () => {
    const sums = { streams: 1, liveTime: 180 };
    expect(await json(ada.request("GET", `/api/statistics/channel/${channelId}?${range}`))).toEqual({
      channelId,
      from: FROM,
      to: TO,
      totalViews: 4,
      uniqueViewers: 2,
      watchTime: 180,
      avgWatchTime: 45,
      peakViewers: 5,
      ...sums,
      previous: {
        from: dayOf(NOW - 19 * DAY),
        to: dayOf(NOW - 10 * DAY),
        totalViews: 1,
        uniqueViewers: 1,
        watchTime: 100,
        avgWatchTime: 100,
        peakViewers: 0,
        streams: 0,
        liveTime: 0,
      },
      devices: [
        { device: "desktop", views: 2 },
        { device: "mobile", views: 2 },
      ],
      referrers: [
        { referrer: null, views: 3 },
        { referrer: "example.org", views: 1 },
      ],
    });
  });

  test("of an account: its channels together, and each", async () => {
    const overview = await json<Record<string, unknown> & { channels: Record<string, unknown>[] }>(
      ada.request("GET", `${userPath(ada.id)}?${range}`),
    );
    // Eve, on three days and two channels, is one viewer.
    expect(overview).toMatchObject({ userId: ada.id, totalViews: 5, uniqueViewers: 2, watchTime: 185, streams: 2 });
    expect(overview.channels).toMatchObject([
      { channel: { id: channelId, slug: "adas", title: "Title of adas" }, totalViews: 4, uniqueViewers: 2 },
      { channel: { id: privateId, slug: "hidden" }, totalViews: 1, uniqueViewers: 1, liveTime: 600 },
    ]);
    const nothing = await json<Record<string, unknown>>(eve.request("GET", userPath(eve.id)));
    expect(nothing).toMatchObject({ totalViews: 0, uniqueViewers: 0, avgWatchTime: 0, channels: [], devices: [] });
  });

  test("by day, zero where there was nothing", async () => {
    const { items } = await json<{ items: { totalViews: number; uniqueViewers: number; avgWatchTime: number }[] }>(
      ada.request("GET", `/api/statistics/channel/${channelId}/daily?${range}`),
    );
    expect(items.map((item) => item.totalViews)).toEqual([0, 0, 0, 0, 2, 2, 0, 0, 0, 0]);
    expect(items[4]).toMatchObject({ uniqueViewers: 1, avgWatchTime: 45 });
    expect(items[5]).toMatchObject({ uniqueViewers: 2, avgWatchTime: 45 });
  });

  test("what has just happened is in them", async () => {
    const moment = new Date();
    const path = `/api/statistics/channel/${privateId}?from=${dayOf(moment.getTime())}&to=${dayOf(moment.getTime())}`;
    const before = await json<{ totalViews: number; watchTime: number }>(ada.request("GET", path));
    await view(privateStreamId, moment, 7);
    const after = await json<{ totalViews: number; watchTime: number }>(ada.request("GET", path));
    expect([after.totalViews, after.watchTime]).toEqual([before.totalViews + 1, before.watchTime + 7]);
    await platform.database.sql`delete from stream_views where watch_duration = 7`;
  });

  test("of a stream, by minute too", async () => {
    const [path, timeline, retention] = streamPaths(streamId) as [string, string, string];
    expect(await json(ada.request("GET", path))).toMatchObject({
      streamId,
      channelId,
      totalViews: 5,
      uniqueViewers: 3,
      watchTime: 280,
      avgWatchTime: 56,
      peakViewers: 7,
      startedAt: noon(5).toISOString(),
      devices: [
        { device: "desktop", views: 3 },
        { device: "mobile", views: 2 },
      ],
    });
    const line = await json<{ step: number; items: { at: string; viewers: number }[] }>(ada.request("GET", timeline));
    expect([line.step, line.items.map((item) => item.viewers), line.items[1]?.at]).toEqual([
      1,
      [2, 0, 5],
      new Date(noon(5).getTime() + 60_000).toISOString(),
    ]);
    const curve = await json<{ views: number; items: unknown[] }>(ada.request("GET", retention));
    expect(curve).toMatchObject({
      views: 4,
      items: [
        { minute: 0, watched: 4, share: 1 },
        { minute: 1, watched: 0, share: 0 },
        { minute: 2, watched: 1, share: 0.25 },
      ],
    });
  });

  test("of a stream that has not begun: nothing", async () => {
    const [row] = await platform.database.sql<{ id: number }[]>`
      insert into streams (channel_id, title) values (${channelId}, 'planned') returning id`;
    const [path, timeline, retention] = streamPaths(row!.id) as [string, string, string];
    expect(await json(ada.request("GET", path))).toMatchObject({ startedAt: null, totalViews: 0, referrers: [] });
    for (const each of [timeline, retention])
      expect(await json(ada.request("GET", each))).toMatchObject({ startedAt: null, step: 1, items: [] });
    expect(await codeOf(eve.request("GET", path))).toBe("404 stream.not-found");
  });

  test("of a very long stream: several minutes together", async () => {
    const long = await makeStream(channelId, "long", noon(3_000), 30 * 24 * 60);
    await platform.database.sql`insert into stream_minutes (stream_id, minute, viewers, watched)
      select ${long}, minute, minute % 7, 2 from generate_series(0, 43199) minute`;
    const [, timeline, retention] = streamPaths(long) as [string, string, string];
    const line = await json<{ step: number; items: { minute: number; viewers: number }[] }>(
      ada.request("GET", timeline),
    );
    expect([line.step, line.items.length, line.items.at(-1)]).toEqual([
      30,
      1_440,
      { minute: 43_170, at: expect.any(String), viewers: 6 } as never,
    ]);
    const curve = await json<{ items: { watched: number; share: number }[] }>(ada.request("GET", retention));
    expect(new Set(curve.items.map(({ watched, share }) => `${watched} ${share}`))).toEqual(new Set(["2 0.5"]));
    await platform.database.sql`delete from streams where id = ${long}`;
  });
});

describe("as CSV", () => {
  const daily = () => `/api/statistics/channel/${channelId}/daily`;

  test("a row for each day, named as in the JSON", async () => {
    const answer = await ada.request("GET", `${daily()}?${range}&format=csv`);
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(answer.headers.get("content-disposition")).toBe(
      `attachment; filename="channel-${channelId}-daily-${FROM}-${TO}.csv"`,
    );
    const lines = (await answer.text()).split("\r\n");
    expect(lines[0]).toBe("date,totalViews,uniqueViewers,watchTime,avgWatchTime,peakViewers");
    expect(lines[5]).toBe(`${dayOf(NOW - 5 * DAY)},2,1,90,45,5`);
    expect(lines.length).toBe(12);
  });

  test("when Accept would rather have it and nothing else is said", async () => {
    const typeOf = async (accept: string, query = "") =>
      (await ada.request("GET", `${daily()}${query}`, undefined, { accept })).headers
        .get("content-type")
        ?.replace(/;.*/, "");
    expect(await typeOf("text/csv")).toBe("text/csv");
    expect(await typeOf("text/csv, application/json;q=0.5")).toBe("text/csv");
    expect(await typeOf("text/csv;q=0.1, application/json")).toBe("application/json");
    expect(await typeOf("*/*")).toBe("application/json");
    expect(await typeOf("text/csv", "?format=json")).toBe("application/json");
    expect(await typeOf("application/json", "?format=csv")).toBe("text/csv");
    expect((await ada.request("GET", daily())).headers.get("vary")).toMatch(/accept(?!-)/i);
  });

  test("a title that is a formula stays text; other letters come with a byte order mark", async () => {
    const answer = await ada.request("GET", `/api/statistics/channel/${channelId}/top-streams?${range}&format=csv`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(new TextDecoder().decode(bytes)).toContain(`"'=HYPERLINK(""http://x"",""Привет, мир"")"`);
  });

  test("timeline and retention too; a refusal is still a problem", async () => {
    const [, timeline, retention] = streamPaths(streamId) as [string, string, string];
    expect(await (await ada.request("GET", `${timeline}?format=csv`)).text()).toStartWith(
      `minute,at,viewers\r\n0,${noon(5).toISOString()},2\r\n`,
    );
    expect(await (await ada.request("GET", `${retention}?format=csv`)).text()).toBe(
      "minute,watched,share\r\n0,4,1\r\n1,0,0\r\n2,1,0.25\r\n",
    );
    const refused = await eve.request("GET", `${timeline}?format=csv`);
    expect([refused.status, refused.headers.get("content-type")]).toEqual([403, "application/problem+json"]);
  });
});

test("sorted as asked", async () => {
  const other = await makeStream(channelId, "other", noon(2), 10);
  await platform.database.sql`update streams set peak_viewers = 1 where id = ${other}`;
  // Days that are over are final: this one began today.
  await view(other, new Date(NOW), 5_000);
  const order = async (sort: string) =>
    (
      await json<{ items: { streamId: number }[] }>(
        ada.request("GET", `/api/statistics/channel/${channelId}/top-streams?${range}&sort=${sort}`),
      )
    ).items.map((item) => item.streamId);
  expect(await order("views")).toEqual([streamId, other]);
  expect(await order("watchTime")).toEqual([other, streamId]);
  expect(await order("peakViewers")).toEqual([streamId, other]);
});

test("too many reads of one account are refused for a while, others' are not", async () => {
  const greedy = await platform.makeUser({ username: "greedy" });
  await platform.bus.limits.hit(`statistics:${greedy.id}`, { limit: 300, window: 60_000 }, 299);
  const answers = [];
  for (let n = 0; n < 2; n++) answers.push(await greedy.request("GET", userPath(greedy.id)));
  expect(answers.map((answer) => answer.status)).toEqual([200, 429]);
  expect(Number(answers[1]?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await eve.request("GET", userPath(eve.id))).status).toBe(200);
});

test("nothing of this was a mistake of the server", () => {
  expect(platform.failures).toEqual([]);
});
