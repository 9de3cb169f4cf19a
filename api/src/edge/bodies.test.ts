/** Bodies that are too large, too slow, of the wrong type or no JSON, at the API and at a small one with tight limits. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Elysia, t } from "elysia";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { problems } from "../error.ts";
import { bodies } from "./bodies.ts";

let platform: TestPlatform;
let user: TestUser;
beforeAll(async () => {
  platform = await startPlatform();
  user = await platform.makeUser();
}, 60_000);
afterAll(() => platform?.close());

const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
const post = async (body: unknown, headers: Record<string, string> = {}) =>
  codeOf(await user.request("POST", "/api/channels", body, headers));

describe("a body", () => {
  test("of ten megabytes", async () => {
    expect(await post({ title: "x".repeat(10_000_000) })).toEqual([413, "request.too-large"]);
  });

  test("of ten megabytes that does not say so", async () => {
    const parts = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(32)),
    });
    expect(await post(parts, { "content-type": "application/json" })).toEqual([413, "request.too-large"]);
  });

  test.each(["{", "{]", "nul", '{"title":"x"}}', "\0", "{'title':1}"])("that is no JSON: %j", async (body) => {
    expect(await post(body, { "content-type": "application/json" })).toEqual([400, "request.unreadable"]);
  });

  test.each(["null", "[]", "1", '"text"', "{}", ""])(
    "that is JSON and nothing that was asked for: %s",
    async (body) => {
      expect(await post(body, { "content-type": "application/json" })).toEqual([422, "request.invalid"]);
    },
  );

  test.each(["application/x-www-form-urlencoded", "application/xml", "nonsense", "text/html", "application/jsonp"])(
    "of type %s",
    async (type) => expect(await post("title=x", { "content-type": type })).toEqual([415, "request.media-type"]),
  );

  test("in a content coding", async () => {
    const body = Bun.gzipSync(JSON.stringify({ title: "x" }));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect(await post(body, headers)).toEqual([415, "request.media-type"]);
  });

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"])(
    "of type %s is read",
    async (type) => {
      expect((await user.request("POST", "/api/channels", '{"title":"Read"}', { "content-type": type })).status).toBe(
        201,
      );
    },
  );
});

test("one that does not end is given up", async () => {
  const app = new Elysia()
    .use(
      problems(
        () => {},
        () => [],
      ),
    )
    .use(bodies({ maxBytes: 100, milliseconds: 20 }))
    .post("/", ({ body }) => body, { body: t.Any() });
  const endless = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
  const request = new Request("http://localhost/", {
    method: "POST",
    body: endless,
    headers: { "content-type": "application/json" },
  });
  expect(await codeOf(await app.handle(request))).toEqual([408, "request.slow"]);
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
