/** What is private: refused without a token, and with one every address that a playlist gives carries it on. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { makePlayback } from "../live/playback.ts";
import type { PlaybackTarget } from "../live/ports.ts";
import { FIRST, LONG, lowLatency, type Stage, show, stage } from "./testing/stage.ts";

const GOOD = "good-token";
const verify = (token: string, target: PlaybackTarget) => {
  const [word, session = "one"] = token.split(".");
  if (target.kind !== "live" || target.slug !== "secret") return "invalid";
  if (word === "old") return "expired";
  return word === GOOD ? { subject: "ada", session, maxSessions: 3 } : "invalid";
};

function closed(seen: string[] = []) {
  const clock = { at: ms(0) as Milliseconds };
  const playback = makePlayback({ verify }, () => clock.at);
  const onWatching = (slug: string) => seen.push(slug);
  return Object.assign(stage({ playback, onWatching }), { clock, playback });
}

const ask = async ({ delivery }: Stage, path: string, init: RequestInit = {}, address = "192.0.2.1") => {
  const response = await delivery.handle(new Request(`http://host${path}`, init), address);
  if (response === null) throw new Error(`${path} is not ours`);
  return response;
};

/** All there is of a broadcast, by what it is. */
const RESOURCES = {
  master: "/live/secret/master.m3u8",
  manifest: "/live/secret/manifest.mpd",
  playlist: "/live/secret/video/index.m3u8",
  sound: "/live/secret/audio/index.m3u8",
  init: `/live/secret/video/init-${FIRST}.mp4`,
  segment: `/live/secret/video/${FIRST}.m4s`,
  part: `/live/secret/video/p${FIRST}-1.m4s`,
} as const;

const lowStage = (seen?: string[]) => {
  const at = closed(seen);
  const live = lowLatency(at, "secret", LONG, true);
  live.until(() => (live.window.view?.renditions.find(({ name }) => name === "video")?.segments.length ?? 0) === 3);
  return Object.assign(at, { live });
};

describe("without a good token", () => {
  test("none: as if there were no such channel, to the letter", async () => {
    const at = lowStage();
    const said = async (path: string, init?: RequestInit) => {
      const answer = await ask(at, path, init);
      return [answer.status, await answer.text(), JSON.stringify([...answer.headers])].join("\n");
    };
    for (const path of [
      ...Object.values(RESOURCES),
      "/live/secret/ws",
      "/live/secret.flv",
      "/live/secret/video/none.m4s",
    ])
      for (const query of ["", "?token=", "?Token=good-token", "?tokens=good-token", "#?token=good-token"])
        for (const method of ["GET", "HEAD"]) {
          const unknown = path.replace("secret", "nobody");
          expect(await said(path + query, { method })).toBe(await said(unknown + query, { method }));
          expect((await ask(at, path + query, { method })).status).toBe(404);
        }
  });

  test("a bad one, one of another channel, one that is over: 403, whether or not there is such a channel", async () => {
    const at = lowStage();
    for (const path of [...Object.values(RESOURCES), "/live/secret/ws", "/live/secret.flv"]) {
      for (const [token, text] of [
        ["bad", "not valid"],
        ["good-tokenx", "not valid"],
        ["%67ood-token", "not valid"],
        ["old", "is over"],
      ] as const) {
        const answer = await ask(at, `${path}?token=${token}`);
        expect([answer.status, answer.headers.get("cache-control")]).toEqual([403, "private, no-store"]);
        expect(await answer.text()).toContain(text);
      }
      const [there, none] = await Promise.all(
        ["secret", "nobody"].map(async (slug) => {
          const answer = await ask(at, `${path.replace("secret", slug)}?token=bad`);
          return [answer.status, await answer.text(), JSON.stringify([...answer.headers])].join("\n");
        }),
      );
      expect(there).toBe(none!);
    }
  });

  test("no trick of an address opens it", async () => {
    const at = lowStage();
    const token = fc.constantFrom(
      "",
      "?",
      "?token=",
      "?token=x",
      "?token=bad&token=good-token",
      "?x=good-token",
      "?a?token=bad",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(RESOURCES)),
        fc.constantFrom("", "/", "//", "/..", "/.", ";token=good-token", "%3Ftoken=good-token", "\\"),
        token,
        async (path, more, query) => {
          const answer = await at.delivery.handle(new Request(`http://host${path}${more}${query}`));
          expect([403, 404, null]).toContain(answer?.status ?? null);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("what was private stays so when the channel no longer is", async () => {
    const at = closed();
    const before = show(at, "secret", true);
    before.fill();
    before.window.end();
    before.channel.ended();
    const next = at.delivery.nextNumber("secret");
    show(at, "secret", false, next).fill();
    expect((await ask(at, `/live/secret/video/${next}.m4s`)).status).toBe(200);
    expect((await ask(at, `/live/secret/video/${FIRST}.m4s`)).status).toBe(404);
    expect((await ask(at, `/live/secret/video/init-${FIRST}.mp4`)).status).toBe(404);
  });
});

describe("with a good token", () => {
  test("everything is given, and for nobody else to keep", async () => {
    const at = lowStage();
    for (const path of Object.values(RESOURCES)) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(at, `${path}?token=${GOOD}`, { method });
        expect([path, answer.status, answer.headers.get("cache-control")]).toEqual([path, 200, "private, no-store"]);
      }
      const etag = (await ask(at, `${path}?token=${GOOD}`)).headers.get("etag")!;
      const again = await ask(at, `${path}?token=${GOOD}`, { headers: { "if-none-match": etag } });
      expect([again.status, again.headers.get("cache-control")]).toEqual([304, "private, no-store"]);
    }
    for (const path of ["video/99.m4s", "none/index.m3u8", "video/index.m3u8?_HLS_part=1"]) {
      const answer = await ask(at, `/live/secret/${path}${path.includes("?") ? "&" : "?"}token=${GOOD}`);
      expect([404, 400]).toContain(answer.status);
      expect(answer.headers.get("cache-control")).toBe("private, no-store");
    }
  });

  test("each address of each playlist carries it, and leads somewhere", async () => {
    const at = lowStage();
    const found: string[] = [];
    const follow = async (path: string): Promise<void> => {
      const text = await (await ask(at, path)).text();
      const uris = path.includes(".mpd")
        ? [...text.matchAll(/(?:media|initialization)="([^"]+)"/g)].map(([, uri]) =>
            uri!.replace("$Number$", String(FIRST)),
          )
        : [...text.matchAll(/URI="([^"]+)"|^([^#\s].*)$/gm)].map(([, quoted, line]) => (quoted ?? line)!);
      expect(uris.length).toBeGreaterThan(1);
      for (const uri of uris) {
        expect(uri).toEndWith(`?token=${GOOD}`);
        const url = new URL(uri, `http://host${path}`);
        const next = url.pathname + url.search;
        if (found.includes(next) || text.includes(`PRELOAD-HINT:TYPE=PART,URI="${uri}"`)) continue;
        found.push(next);
        expect((await ask(at, next)).status).toBe(200);
        if (url.pathname.endsWith(".m3u8")) await follow(next);
      }
    };
    await follow(`${RESOURCES.master}?token=${GOOD}`);
    await follow(`${RESOURCES.manifest}?token=${GOOD}`);
    // Two renditions, what begins them, their segments and parts.
    expect(found.length).toBeGreaterThan(20);
  });

  test("the playlist is what others would get, with the token and nothing else", async () => {
    const open = stage();
    const plain = lowLatency(open, "secret", LONG);
    const at = lowStage();
    plain.until(() => (plain.window.view?.renditions.find(({ name }) => name === "video")?.segments.length ?? 0) === 3);
    for (const path of [RESOURCES.master, RESOURCES.manifest, RESOURCES.playlist, `${RESOURCES.sound}?_HLS_skip=YES`]) {
      const given = await (await ask(at, `${path}${path.includes("?") ? "&" : "?"}token=${GOOD}`)).text();
      expect(given.replaceAll(`?token=${GOOD}`, "")).toBe(await (await ask(open, path)).text());
    }
    // Two tokens, one render; neither gets the other's.
    const other = await (await ask(at, `${RESOURCES.playlist}?token=${GOOD}.two`)).text();
    expect(other).not.toMatch(/token=good-token["\n]/);
  });

  test("a reload is held for it as for others", async () => {
    const at = lowStage();
    const video = () => at.live.window.view!.renditions.find(({ name }) => name === "video")!;
    const { number } = video().segments.at(-1)!;
    const held = ask(at, `${RESOURCES.playlist}?token=${GOOD}&_HLS_msn=${number + 1}&_HLS_part=0`);
    await Promise.resolve();
    expect(at.delivery.stats.held).toBe(1);
    at.live.until(() => video().growing?.number === number + 1);
    const answer = await held;
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
  });

  test("who watches is told of; who only looks is not", async () => {
    const seen: string[] = [];
    const at = lowStage(seen);
    await ask(at, `${RESOURCES.playlist}?token=bad`);
    await ask(at, RESOURCES.playlist);
    await ask(at, `${RESOURCES.master}?token=${GOOD}`);
    await ask(at, `${RESOURCES.segment}?token=${GOOD}`);
    await ask(at, `${RESOURCES.playlist}?token=${GOOD}`, { method: "HEAD" });
    expect(seen).toEqual([]);
    await ask(at, `${RESOURCES.playlist}?token=${GOOD}`);
    await ask(at, `${RESOURCES.manifest}?token=${GOOD}`);
    expect(seen).toEqual(["secret", "secret"]);
  });
});

describe("players at once", () => {
  const playlistOf = (session: string) => `${RESOURCES.playlist}?token=${GOOD}.${session}`;

  test("the fourth is told so, until one has been quiet for half a minute; a new token of the same player is the same player", async () => {
    const at = lowStage();
    for (const session of ["a", "b", "c", "a"]) expect((await ask(at, playlistOf(session))).status).toBe(200);
    const fourth = await ask(at, playlistOf("d"));
    expect([fourth.status, fourth.headers.get("retry-after"), fourth.headers.get("cache-control")]).toEqual([
      429,
      "30",
      "private, no-store",
    ]);
    expect(await fourth.text()).toContain("are watching");
    expect((await ask(at, `${RESOURCES.manifest}?token=${GOOD}.d`)).status).toBe(429);
    // It may look, and those who play go on.
    expect((await ask(at, `${RESOURCES.master}?token=${GOOD}.d`)).status).toBe(200);
    at.clock.at = ms(20_000);
    for (const session of ["a", "b"]) expect((await ask(at, playlistOf(session))).status).toBe(200);
    expect((await ask(at, playlistOf("d"))).status).toBe(429);
    at.clock.at = ms(30_001);
    expect((await ask(at, playlistOf("d"))).status).toBe(200);
    expect((await ask(at, playlistOf("c"))).status).toBe(429);
    expect(at.playback.stats.denied.full).toBe(4);
  });

  test("one address that goes round is as many players as play it", async () => {
    const at = lowStage();
    const from = async (address: string) => (await ask(at, playlistOf("a"), {}, address)).status;
    const statuses: number[] = [];
    for (let host = 1; host <= 6; host++) statuses.push(await from(`192.0.2.${host}`));
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
    expect(await from("192.0.2.2")).toBe(200);
  });
});
