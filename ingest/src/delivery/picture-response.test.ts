/** Pictures of live broadcasts over HTTP: who may have them, and what caches may keep. */
import { describe, expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { makePlayback } from "../live/playback.ts";
import { makeSegmentWindow } from "../packager/window.ts";
import type { LivePictures, Picture } from "../pictures/broadcast-pictures.ts";
import { readRoute } from "./route.ts";
import { type Stage, stage } from "./testing/stage.ts";

const ID = 1_764_000_000_000;

function makePictures() {
  const state: { picture: Picture | null; isWhole: boolean } = { picture: null, isWhole: false };
  const pictures: LivePictures = {
    id: ID,
    thumbnail: (width) => state.picture && { ...state.picture, bytes: Uint8Array.of(width / 320) },
    storyboard: (token) => (state.picture === null ? null : `WEBVTT\n\n${token ?? "nobody"}\n`),
    sheet: async (number) => (number === 0 ? { bytes: Uint8Array.of(9), isWhole: state.isWhole } : null),
  };
  return { state, pictures };
}

function open(at: Stage, slug: string, pictures: LivePictures | null, isPrivate = false) {
  const window = makeSegmentWindow({ startedAt: at.now, targetDurations: 6 });
  return at.delivery.open(slug, window, { isPrivate, pictures });
}

describe("pictures", () => {
  test("are not there before the first, where none are drawn, and of nobody", async () => {
    const at = stage();
    const { pictures } = makePictures();
    open(at, "one", pictures);
    open(at, "none", null);
    for (const slug of ["one", "none", "nobody"])
      for (const name of ["thumbnail.webp", "thumbnail-320.webp", "storyboard.vtt", `storyboard-${ID}-7.webp`])
        expect((await at.get(`/live/${slug}/${name}`)).status).toBe(404);
  });

  test("may be kept until the next one is drawn, and sheets that are whole for ever", async () => {
    const at = stage();
    const { state, pictures } = makePictures();
    open(at, "one", pictures);
    state.picture = { bytes: new Uint8Array(), version: 3 };
    const large = await at.get("/live/one/thumbnail.webp");
    expect(await large.bytes()).toEqual(Uint8Array.of(2));
    expect(Object.fromEntries(large.headers)).toMatchObject({
      "content-type": "image/webp",
      "cache-control": "public, max-age=10",
      "access-control-allow-origin": "*",
    });
    const etag = large.headers.get("etag")!;
    const again = () => at.get("/live/one/thumbnail.webp", { headers: { "if-none-match": etag } });
    expect((await again()).status).toBe(304);
    state.picture = { bytes: new Uint8Array(), version: 4 };
    expect((await again()).status).toBe(200);
    const small = await at.get("/live/one/thumbnail-320.webp");
    expect(await small.bytes()).toEqual(Uint8Array.of(1));
    const storyboard = await at.get("/live/one/storyboard.vtt");
    expect([storyboard.headers.get("content-type"), await storyboard.text()]).toEqual([
      "text/vtt",
      "WEBVTT\n\nnobody\n",
    ]);
    const sheet = () => at.get(`/live/one/storyboard-${ID}-0.webp?tiles=3`);
    expect((await sheet()).headers.get("cache-control")).toBe("public, max-age=10");
    state.isWhole = true;
    expect((await sheet()).headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await at.get(`/live/one/storyboard-${ID + 1}-0.webp`)).status).toBe(404);
  });

  test("of a private channel are for who has a token, which the storyboard carries on; nobody else may keep them", async () => {
    const verify = (token: string) =>
      token === "good" ? { subject: "ada", session: "one", maxSessions: 1 } : ("invalid" as const);
    const at = stage({ playback: makePlayback({ verify }, () => ms(0)) });
    const { state, pictures } = makePictures();
    state.picture = { bytes: new Uint8Array(), version: 1 };
    state.isWhole = true;
    open(at, "secret", pictures, true);
    for (const name of ["thumbnail.webp", "thumbnail-320.webp", "storyboard.vtt", `storyboard-${ID}-0.webp`]) {
      expect((await at.get(`/live/secret/${name}`)).status).toBe(404);
      expect((await at.get(`/live/secret/${name}?token=bad`)).status).toBe(403);
      const answer = await at.get(`/live/secret/${name}?token=good`);
      expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
      if (name.endsWith(".vtt")) expect(await answer.text()).toContain("good");
    }
  });

  test.each([
    "thumbnail.webp.webp",
    "thumbnail-640.webp",
    "storyboard.webp",
    "storyboard-1.webp",
    "storyboard-1-1000000000.webp",
    "cover.webp",
  ])("%s is no picture", (name) => expect(readRoute(`/live/one/${name}`)).toBeNull());
});
