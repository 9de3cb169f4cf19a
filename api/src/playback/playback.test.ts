/** Playback tokens over HTTP: who gets one, for what, for how long. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { makePlaybackTokens } from "@streamhub/db/playback-token";
import { startPlatform, TEST_SECRET, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { LIVE_SECONDS, MAX_PLAYERS } from "./service.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;
let eve: TestUser;
const NOW = Date.UTC(2026, 10, 25, 12);
const tokens = makePlaybackTokens(TEST_SECRET, () => NOW);

beforeAll(async () => {
  platform = await startPlatform({ now: () => NOW });
  ada = await platform.makeUser({ username: "ada" });
  eve = await platform.makeUser({ username: "eve" });
});
afterAll(() => platform?.close());

interface Issued {
  readonly token: string;
  readonly session: string;
  readonly expiresIn: number;
  readonly expiresAt: string;
  readonly hls: string;
  readonly dash: string;
  readonly ws: string | null;
  readonly flv: string | null;
}
const issued = async (response: Promise<Response>): Promise<Issued> => {
  const answer = await response;
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return (await answer.json()) as Issued;
};
const codeOf = async (response: Promise<Response>) => {
  const answer = await response;
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
};

describe("of a channel", () => {
  test("its owner gets a token for a private one, with the addresses that need it", async () => {
    const { id } = await platform.makeChannel("secret", { owner: ada, visibility: "private" });
    const path = `/api/channels/${id}/playback-token`;
    const first = await issued(ada.request("POST", path));
    const { token, session } = first;
    expect(first).toEqual({
      token,
      session,
      expiresIn: LIVE_SECONDS,
      expiresAt: new Date(NOW + LIVE_SECONDS * 1_000).toISOString(),
      hls: `/live/secret/master.m3u8?token=${token}`,
      dash: `/live/secret/manifest.mpd?token=${token}`,
      ws: `/live/secret/ws?token=${token}`,
      flv: `/live/secret.flv?token=${token}`,
    });
    const claims = tokens.verify(token, { kind: "live", slug: "secret" });
    expect(claims).toEqual({
      subject: tokens.subjectOf(ada.id),
      session,
      expiresAt: NOW / 1_000 + LIVE_SECONDS,
      maxSessions: MAX_PLAYERS,
    });
    expect(tokens.verify(token, { kind: "live", slug: "other" })).toBe("invalid");
    // A player that takes the next one stays who it is; without that it is another one.
    expect((await issued(ada.request("POST", path, { session }))).session).toBe(session);
    expect((await issued(ada.request("POST", path, {}))).session).not.toBe(session);
    for (const wrong of [{ session: "short" }, { session: 7 }, { session: "x".repeat(13) }, []])
      expect(await codeOf(ada.request("POST", path, wrong))).toBe("422 request.invalid");
    expect(await codeOf(eve.request("POST", path))).toBe("404 channel.not-found");
    expect(await codeOf(platform.request("POST", path))).toBe("404 channel.not-found");
  });

  test("everyone gets one for what everyone may see, as nobody in particular", async () => {
    const { id } = await platform.makeChannel("garden", { owner: ada });
    const { id: unlisted } = await platform.makeChannel("shed", { owner: ada, visibility: "unlisted" });
    const subjects = new Set<string>();
    for (const channel of [id, id, unlisted]) {
      const { token } = await issued(platform.request("POST", `/api/channels/${channel}/playback-token`));
      const claims = tokens.verify(token, { kind: "live", slug: channel === id ? "garden" : "shed" });
      if (typeof claims === "string") throw new Error(claims);
      subjects.add(claims.subject);
    }
    expect(subjects.size).toBe(3);
  });
});

describe("of a stream", () => {
  test("while it is live it is its channel's, afterwards its recording's, before that there is none", async () => {
    const channel = await platform.makeChannel("attic", { owner: ada, visibility: "private" });
    const planned = await ada.request("POST", `/api/streams/${channel.id}`, { title: "Later" });
    const { id: later } = (await planned.json()) as { id: number };
    expect(await codeOf(ada.request("POST", `/api/streams/${later}/playback-token`))).toBe("409 stream.state");
    const id = await channel.goLive();
    const path = `/api/streams/${id}/playback-token`;
    const live = await issued(ada.request("POST", path));
    expect(live.hls).toBe(`/live/attic/master.m3u8?token=${live.token}`);
    await channel.end();
    await platform.database.sql`update streams set duration = 3600 where id = ${id}`;
    const past = await issued(ada.request("POST", path, { session: live.session }));
    expect(past).toEqual({
      token: past.token,
      session: live.session,
      expiresIn: LIVE_SECONDS + 7_200,
      expiresAt: new Date(NOW + (LIVE_SECONDS + 7_200) * 1_000).toISOString(),
      hls: `/vod/${id}/master.m3u8?token=${past.token}`,
      dash: `/vod/${id}/manifest.mpd?token=${past.token}`,
      ws: null,
      flv: null,
    });
    expect(tokens.verify(past.token, { kind: "vod", streamId: id })).toMatchObject({ session: live.session });
    expect(tokens.verify(past.token, { kind: "live", slug: "attic" })).toBe("invalid");
    await platform.database.sql`update streams set duration = 2000000 where id = ${id}`;
    expect((await issued(ada.request("POST", path))).expiresAt).toBe(new Date(NOW + 86_400_000).toISOString());
    expect(await codeOf(eve.request("POST", path))).toBe("404 stream.not-found");
    expect(await codeOf(platform.request("POST", path))).toBe("404 stream.not-found");
  });
});

test("not more than a player can need", async () => {
  const { id } = await platform.makeChannel("hasty", { owner: ada });
  const greedy = await platform.makeUser({ username: "greedy" });
  await platform.bus.limits.hit(`playback:user:${greedy.id}`, { limit: 60, window: 60_000 }, 60);
  const answer = await greedy.request("POST", `/api/channels/${id}/playback-token`);
  expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([429, true]);
  await issued(eve.request("POST", `/api/channels/${id}/playback-token`));
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
