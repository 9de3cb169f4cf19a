import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { playerSize } from "./service.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.makeChannel("north", { title: 'North "Sea" & more' });
  await platform.makeChannel("hidden", { visibility: "private" });
}, 60_000);
afterAll(() => platform?.close());

const ask = (url: string, more = "") => platform.request("GET", `/api/oembed?url=${encodeURIComponent(url)}${more}`);

describe("oEmbed", () => {
  test("tells of a channel's page, and of its player, in an iframe", async () => {
    for (const page of ["watch", "embed"]) {
      const response = await ask(`http://localhost/${page}/north`);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toContain("public");
      expect(await response.json()).toMatchObject({
        ...{ version: "1.0", type: "video", provider_name: "StreamHub", provider_url: "http://localhost" },
        ...{ title: 'North "Sea" & more', author_url: "http://localhost/watch/north", width: 640, height: 360 },
        html: '<iframe src="http://localhost/embed/north" title="North &quot;Sea&quot; &amp; more" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>',
      });
    }
  });

  test("keeps within the size that is allowed", async () => {
    expect(await (await ask("http://localhost/watch/north", "&maxwidth=320")).json()).toMatchObject({
      ...{ width: 320, height: 180 },
    });
    expect(playerSize(4000, 90)).toEqual({ width: 160, height: 90 });
    expect(playerSize(1, 1)).toEqual({ width: 1, height: 1 });
  });

  test.each([
    ["http://elsewhere.example/watch/north", 404],
    ["http://localhost/", 404],
    ["http://localhost/watch/nobody", 404],
    ["http://localhost/watch/hidden", 404],
    ["http://localhost/v/999999", 404],
    ["http://localhost/v/99999999999", 404],
    ["not an address", 404],
    ["", 422],
  ])("%p is %d", async (url, status) => {
    const response = await ask(url);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  test("a stream that has no recording has no player", async () => {
    const channel = await platform.makeChannel("west");
    const id = await channel.goLive();
    await channel.end();
    expect((await ask(`http://localhost/v/${id}`)).status).toBe(404);
  });

  test("XML is not spoken", async () => {
    expect((await ask("http://localhost/watch/north", "&format=xml")).status).toBe(422);
  });
});
