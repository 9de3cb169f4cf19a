import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries, VIEWER_COOKIE, viewersSet } from "@streamhub/db";
import { startPlatform, type TestChannel, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { referrerHost } from "./service.ts";
import { SILENT_AFTER } from "./start.ts";

setDefaultTimeout(120_000);

const MINUTE = 60_000;
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

let platform: TestPlatform;
let owner: TestUser;
let eve: TestUser;
let channel: TestChannel;
let streamId: number;
/** The server's clock. */
let clock = Date.now();

beforeAll(async () => {
  platform = await startPlatform({ now: () => clock });
  owner = await platform.makeUser({ username: "ada" });
  eve = await platform.makeUser({ username: "eve" });
});
afterAll(() => platform.close());
let channels = 0;
beforeEach(async () => {
  clock = Date.now();
  channel = await platform.makeChannel(`one-${++channels}`, { owner });
  streamId = await channel.goLive();
});

const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? null;

interface Session {
  readonly sessionId: string;
  readonly cookie: string | null;
}

async function open(headers: Record<string, string> = {}, body?: unknown, id = streamId): Promise<Session> {
  const response = await platform.request("POST", `/api/streams/${id}/views`, body, {
    "user-agent": CHROME,
    ...headers,
  });
  expect(response.status).toBe(201);
  const { sessionId } = (await response.json()) as { sessionId: string };
  return { sessionId, cookie: cookieOf(response) };
}

const send = async (
  what: "heartbeat" | "end",
  { sessionId, cookie }: Session,
  body?: unknown,
  headers: Record<string, string> = {},
) => {
  const given = { "user-agent": CHROME, ...(cookie === null ? {} : { cookie }), ...headers };
  const response = await platform.request("POST", `/api/views/${sessionId}/${what}`, body, given);
  if (response.status === 204) return "204";
  return `${response.status} ${((await response.json()) as { code: string }).code}`;
};
const beat = (session: Session, body?: unknown, headers?: Record<string, string>) =>
  send("heartbeat", session, body, headers);
const end = (session: Session, body?: unknown, headers?: Record<string, string>) => send("end", session, body, headers);

interface Row {
  readonly watch_duration: number;
  readonly device: string;
  readonly referrer: string;
  readonly visitor: string;
  readonly user_id: number | null;
  readonly is_over: boolean;
}

async function rows(): Promise<Row[]> {
  await platform.views.flush();
  return platform.database.sql<Row[]>`
    select watch_duration, device, referrer, visitor, user_id, ended_at is not null as is_over
    from stream_views where stream_id = ${streamId} order by id`;
}
const watching = async () => {
  await platform.views.flush();
  return platform.bus.presence.count(viewersSet(streamId));
};

describe("opening a viewing session", () => {
  test("anonymous: a random id, a cookie that scripts can't read, a row that says nothing of who it is", async () => {
    const response = await platform.request(
      "POST",
      `/api/streams/${streamId}/views`,
      { referrer: "https://www.news.example/a?b=c" },
      { "user-agent": PHONE },
    );
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("set-cookie")).toMatch(
      /^streamhub_viewer=[\w-]{22}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(await response.json()).toEqual({ sessionId: expect.stringMatching(/^[\w-]{22}$/), heartbeatSeconds: 10 });
    const [row] = await rows();
    expect(row).toMatchObject({ watch_duration: 0, device: "mobile", referrer: "news.example", user_id: null });
    expect(row!.visitor).toMatch(/^[\w-]{22}$/);
    const { body } = { body: (await (await platform.request("GET", `/api/streams/${streamId}`)).json()) as object };
    expect(body).toMatchObject({ viewCount: 1 });
  });

  test("two tabs of a browser are one session, and one view; another browser is another", async () => {
    const first = await open();
    const headers = { cookie: first.cookie! };
    expect(await open(headers)).toEqual({ sessionId: first.sessionId, cookie: null });
    const both = await Promise.all([open(headers), open(headers), open()]);
    expect(both.map(({ sessionId }) => sessionId === first.sessionId)).toEqual([true, true, false]);
    expect(await rows()).toHaveLength(2);
  });

  test("signed in: the user's, in whichever browser", async () => {
    const { sessionId } = await open(eve.headers);
    expect((await open({ ...eve.headers, "user-agent": PHONE })).sessionId).toBe(sessionId);
    expect((await rows()).map(({ user_id }) => user_id)).toEqual([eve.id]);
  });

  test("across midnight a viewer goes on with the same session", async () => {
    const midnight = Math.ceil(clock / (24 * 60 * MINUTE)) * 24 * 60 * MINUTE;
    clock = midnight - MINUTE;
    const session = await open();
    clock = midnight + MINUTE;
    expect((await open({ cookie: session.cookie! })).sessionId).toBe(session.sessionId);
    clock += 2 * 60 * MINUTE;
    const next = await open({ cookie: session.cookie! });
    expect(next.sessionId).not.toBe(session.sessionId);
    const [before, after] = await rows();
    expect(before!.visitor).not.toBe(after!.visitor);
  });

  test("bots are answered and not counted", async () => {
    for (const agent of ["Googlebot/2.1", "curl/8.5", "HeadlessChrome/140"]) {
      const session = await open({ "user-agent": agent });
      expect(session.cookie).toBeNull();
      expect(await beat(session)).toBe("404 view.not-found");
    }
    expect(await rows()).toEqual([]);
    expect(await watching()).toBe(0);
  });

  test("what may not be watched, or can't be yet", async () => {
    const attempt = async (id: number | string, user?: TestUser) => {
      const headers = { "user-agent": CHROME, ...user?.headers };
      const response = await platform.request("POST", `/api/streams/${id}/views`, undefined, headers);
      return `${response.status} ${((await response.json()) as { code?: string }).code}`;
    };
    for (const id of [0, -1, 999_999, 2 ** 31]) expect(await attempt(id)).toBe("404 stream.not-found");
    expect(await attempt("x")).toBe("422 request.invalid");
    const plan = (scheduledFor: Date | null) =>
      queries.planStream(platform.database.db, channel.id, { title: "planned", scheduledFor }, 10);
    const draft = (await plan(null))!;
    const announced = (await plan(new Date(clock + MINUTE)))!;
    expect([await attempt(draft), await attempt(draft, eve), await attempt(draft, owner)]).toEqual([
      "404 stream.not-found",
      "404 stream.not-found",
      "409 stream.state",
    ]);
    expect(await attempt(announced)).toBe("409 stream.state");
    await platform.database.sql`update channels set visibility = 'private' where id = ${channel.id}`;
    expect([await attempt(streamId), await attempt(streamId, eve), await attempt(streamId, owner)]).toEqual([
      "404 stream.not-found",
      "404 stream.not-found",
      "201 undefined",
    ]);
  });

  test("of a stream that is over: its watch time counts, its viewers are not live ones", async () => {
    await channel.end();
    clock = Date.now() + 1_000;
    const session = await open();
    clock += 10_000;
    expect(await beat(session, { position: 1e9 })).toBe("204");
    expect((await rows())[0]!.watch_duration).toBe(10);
    expect(await watching()).toBe(0);
    const minutes = await platform.database.sql`select minute from stream_minutes where stream_id = ${streamId}`;
    expect(minutes.map(({ minute }) => minute)).toEqual([0]);
  });

  test.each([
    ["a number", 1],
    ["a list", []],
    ["a referrer that is a number", { referrer: 1 }],
    ["a referrer of 2001", { referrer: "x".repeat(2_001) }],
  ])("with %s is refused", async (_name, body) => {
    const response = await platform.request("POST", `/api/streams/${streamId}/views`, body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, "request.invalid"]);
  });

  test("with the cookies of a session it needs what every write with cookies needs", async () => {
    const token = eve.headers.authorization!.replace("Bearer ", "");
    const cookie = `streamhub_access=${token}`;
    const forged = await platform.request("POST", `/api/streams/${streamId}/views`, undefined, {
      cookie,
      origin: "https://evil.example",
    });
    expect(forged.status).toBe(403);
  });
});

test("referrers are hosts of other sites", () => {
  const own = ["live.example.org:8000"];
  const cases: [string | undefined, string][] = [
    ["https://www.news.example/path?q=secret", "news.example"],
    ["http://xn--e1aybc.example:8080/", "xn--e1aybc.example"],
    ["https://live.example.org:8000/a", ""],
    ["javascript:alert(1)", ""],
    ["android-app://com.example/", ""],
    ["not an address", ""],
    ["", ""],
    [undefined, ""],
  ];
  for (const [referrer, host] of cases) expect(referrerHost(referrer, own)).toBe(host);
});

describe("heartbeats", () => {
  test("add the time between them, by the server's clock", async () => {
    const session = await open();
    for (let n = 0; n < 6; n++) {
      clock += 10_000;
      expect(await beat(session, { position: n * 10 })).toBe("204");
    }
    expect((await rows())[0]!.watch_duration).toBe(60);
  });

  test("repeated, in a flood, with wild claims: never more than the time that has passed", async () => {
    const session = await open();
    clock += 10_000;
    await Promise.all(Array.from({ length: 200 }, (_, n) => beat(session, { position: n * 1_000, watched: 1e6 })));
    clock -= 60 * MINUTE;
    expect(await beat(session)).toBe("204");
    clock += 60 * MINUTE;
    expect((await rows())[0]!.watch_duration).toBe(10);
    clock += 1_000;
    await beat(session);
    expect((await rows())[0]!.watch_duration).toBe(11);
  });

  test("of a tab that slept count no more than the cap, whether written at once or later", async () => {
    const [awake, asleep] = [await open(), await open()];
    for (const session of [awake, asleep]) await beat(session);
    clock += 20 * MINUTE;
    await beat(asleep);
    await platform.views.flush();
    clock += 10_000;
    await beat(asleep);
    expect((await rows()).map(({ watch_duration }) => watch_duration)).toEqual([0, 40]);
  });

  test("of a paused player keep the session and count no time", async () => {
    const session = await open();
    clock += 10_000;
    await beat(session);
    for (let n = 0; n < 5; n++) {
      clock += 10_000;
      await beat(session, { playing: false });
    }
    clock += 5_000;
    await beat(session, { playing: true });
    expect((await rows())[0]!.watch_duration).toBe(15);
  });

  test("two tabs count once", async () => {
    const first = await open();
    const second = await open({ cookie: first.cookie! });
    for (let n = 0; n < 10; n++) {
      clock += 5_000;
      await beat(n % 2 === 0 ? first : { ...second, cookie: first.cookie });
      if (n === 4) await platform.views.flush();
    }
    expect((await rows()).map(({ watch_duration }) => watch_duration)).toEqual([50]);
    expect(await watching()).toBe(1);
  });

  test("of a session that another process has opened are as good", async () => {
    const { sessionId } = await open();
    const other = await queries.loadViews(platform.database.db, [sessionId]);
    await platform.database
      .sql`update stream_views set session_id = 'from-another-process12' where id = ${other[0]!.id}`;
    clock += 10_000;
    const moved = { sessionId: "from-another-process12", cookie: null };
    expect(await Promise.all([beat(moved), beat(moved)])).toEqual(["204", "204"]);
    expect((await rows())[0]!.watch_duration).toBe(10);
  });

  test("of no session, a deleted and an ended one say so", async () => {
    for (const sessionId of ["x".repeat(22), "short", "%00", "'; drop table streams--", "x".repeat(64)])
      expect(await beat({ sessionId, cookie: null })).toBe("404 view.not-found");
    expect(await beat({ sessionId: "x".repeat(65), cookie: null })).toBe("422 request.invalid");
    const session = await open();
    expect(await end(session)).toBe("204");
    expect(await beat(session)).toBe("409 view.ended");
    const other = await open();
    await platform.request("DELETE", `/api/streams/${streamId}`, undefined, owner.headers);
    expect(await beat(other)).toBe("204");
    await platform.views.flush();
    expect(await beat(other)).toBe("409 view.ended");
    expect(await rows()).toEqual([]);
  });

  test.each([
    ["a position that is a text", { position: "1" }],
    ["a negative position", { position: -1 }],
    ["a position beyond all", { position: 1e10 }],
    ["playing that is a number", { playing: 1 }],
    ["a list", []],
    ["a number", 3],
  ])("with %s are refused, as JSON and as a beacon's text", async (_name, body) => {
    const session = await open();
    expect(await beat(session, body)).toBe("422 request.invalid");
    const asText = { "content-type": "text/plain;charset=UTF-8" };
    expect(await beat(session, JSON.stringify(body), asText)).toBe("422 request.invalid");
  });
});

describe("the end", () => {
  const text = { "content-type": "text/plain;charset=UTF-8" };

  test("comes as a beacon: without a body, as text, from whichever origin", async () => {
    const sessions = [await open(), await open(), await open()];
    clock += 7_000;
    expect(await end(sessions[0]!, undefined, { origin: "https://elsewhere.example" })).toBe("204");
    expect(await end(sessions[1]!, JSON.stringify({ position: 7, playing: true }), text)).toBe("204");
    expect(await end(sessions[2]!, "", text)).toBe("204");
    expect((await rows()).map(({ watch_duration, is_over }) => [watch_duration, is_over])).toEqual(
      Array(3).fill([7, true]),
    );
  });

  test("twice is as once; text that is no report is refused", async () => {
    const session = await open();
    for (const body of ["{", "null", "3", '"x"', JSON.stringify({ position: 1, more: "x".repeat(4_000) })])
      expect(await end(session, body, text)).toBe("422 request.invalid");
    expect([await end(session), await end(session)]).toEqual(["204", "204"]);
    expect(await end({ sessionId: "x".repeat(22), cookie: null })).toBe("404 view.not-found");
    expect(await rows()).toHaveLength(1);
  });

  test("of one tab: the other opens the session again and goes on", async () => {
    const session = await open();
    clock += 10_000;
    await end(session);
    clock += 5_000;
    expect(await beat(session)).toBe("409 view.ended");
    expect((await open({ cookie: session.cookie! })).sessionId).toBe(session.sessionId);
    clock += 10_000;
    expect(await beat(session)).toBe("204");
    const [row] = await rows();
    expect(row).toMatchObject({ is_over: false });
    // Written together, the five seconds between are a gap like any other.
    expect(row!.watch_duration).toBeGreaterThanOrEqual(20);
    expect(row!.watch_duration).toBeLessThanOrEqual(25);
  });

  test("comes by itself after a silence; a heartbeat then learns that it was too late", async () => {
    const session = await open();
    clock += 10_000;
    await beat(session);
    await platform.views.flush();
    const at = clock + SILENT_AFTER + 1_000;
    const { db } = platform.database;
    await queries.endSilentViews(db, { silentSince: at - SILENT_AFTER, openedBefore: 0 });
    expect((await rows())[0]).toMatchObject({ is_over: true, watch_duration: 10 });
    clock = at;
    expect(await beat(session)).toBe("204");
    expect((await rows())[0]).toMatchObject({ is_over: true, watch_duration: 10 });
    expect(await beat(session)).toBe("409 view.ended");
  });
});

describe("live viewers", () => {
  test("are browsers, counted once: by first a name without a cookie, then with it", async () => {
    const session = await open();
    // The player was faster than the page, and has asked for the playlist without the cookie.
    const bare = { cookie: null, address: "192.0.2.1", userAgent: CHROME };
    const { makeViewerIdentity } = await import("@streamhub/db");
    const { TEST_SECRET } = await import("../../test/platform.ts");
    const identity = makeViewerIdentity(TEST_SECRET);
    const touch = (member: string) => platform.bus.presence.touch([{ set: viewersSet(streamId), member, ttl: 35_000 }]);
    await touch(identity.member(bare));
    expect(await watching()).toBe(1);
    await beat(session);
    expect(await watching()).toBe(1);
    const cookie = session.cookie!.slice(VIEWER_COOKIE.length + 1);
    await touch(identity.member({ ...bare, cookie }));
    expect(await watching()).toBe(1);
    await end(session);
    expect(await watching()).toBe(0);
  });

  test("that keep no cookie are told apart by address and program, also when the address changes", async () => {
    const session = { ...(await open()), cookie: null };
    await beat(session, undefined, { "x-test-address": "192.0.2.1" });
    expect(await watching()).toBe(1);
    await beat(session, undefined, { "x-test-address": "192.0.2.77" });
    expect(await watching()).toBe(1);
  });

  test("can't be made up with one session and many cookies", async () => {
    const session = await open();
    await beat(session);
    for (let n = 0; n < 20; n++) {
      clock += 10_000;
      await beat({ ...session, cookie: `${VIEWER_COOKIE}=${String(n).padStart(22, "x")}` });
    }
    expect(await watching()).toBe(1);
  });

  test("who is unknown by cookie at first gets the cookie's name for unique viewers", async () => {
    const session = await open();
    const [before] = await rows();
    await beat(session);
    const [after] = await rows();
    expect(after!.visitor).not.toBe(before!.visitor);
    const other = await platform.makeChannel(`two-${channels}`);
    const id = await other.goLive();
    await open({ cookie: session.cookie! }, undefined, id);
    const [there] = await platform.database.sql`select visitor from stream_views where stream_id = ${id}`;
    expect(there!.visitor).toBe(after!.visitor);
  });

  test("show in the status", async () => {
    await beat(await open());
    await platform.views.flush();
    const status = await platform.request("GET", `/api/streams/${streamId}/status`);
    expect(await status.json()).toMatchObject({ viewers: 1 });
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
