/**
 * Anything at all, sent to every route of the OpenAPI document: never a mistake of the server, a problem with a known code where it refuses, and else an
 * answer of the form that the document says.
 */
import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AnyRequest, requestOf } from "../test/anything.ts";
import { misfits } from "../test/conforms.ts";
import { startPlatform, type TestUser } from "../test/platform.ts";
import { PROBLEMS } from "./error.ts";
import { describeApi, METHODS, type Operation } from "./openapi/document.ts";

/** Before there are tests: they are named by its routes. */
const platform = await startPlatform();
let actors: readonly (TestUser | null)[];
let ids: readonly number[];
let names: readonly string[];

const document = describeApi(platform.app);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  METHODS.flatMap((method) => (methods[method] === undefined ? [] : [{ path, method, operation: methods[method] }])),
);

/** The one that answers: of those that fit, that with the fewest parameters. */
function routeOf(method: string, path: string): Operation | undefined {
  const fitting = operations.filter(
    (each) => each.method === method && new RegExp(`^${each.path.replace(/\{\w+\}/g, "[^/]+")}/?$`).test(path),
  );
  const parameters = (address: string) => address.split("{").length;
  return fitting.toSorted((a, b) => parameters(a.path) - parameters(b.path))[0]?.operation;
}

/** These hash passwords, which takes its time on purpose. */
const COSTLY = new Set(["register", "login", "changePassword", "changeEmail", "deactivateUser", "deleteUser"]);

async function populate(): Promise<void> {
  const [owner, other, admin] = [
    await platform.makeUser(),
    await platform.makeUser(),
    await platform.makeUser({ role: "admin" }),
  ];
  actors = [null, owner, other, admin];
  const made: number[] = [1, owner.id, other.id, owner.sessionId];
  for (const visibility of ["public", "unlisted", "private"] as const) {
    const channel = await platform.makeChannel(`any-${crypto.randomUUID().slice(0, 8)}`, { owner, visibility });
    made.push(channel.id, await channel.goLive());
  }
  const planned = await owner.request("POST", `/api/streams/${made[4]}`, { title: "Planned" });
  made.push(((await planned.json()) as { id: number }).id);
  const headers = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0" };
  const view = await platform.request("POST", `/api/streams/${made[5]}/views`, {}, headers);
  ids = made.filter((id) => id !== undefined);
  names = ["terms", "privacy", ((await view.json()) as { sessionId: string }).sessionId, "nothing.webp"];
}

afterAll(() => platform.close());

async function check(operation: Operation, method: string, request: AnyRequest): Promise<void> {
  const actor = actors[request.actor % actors.length];
  const headers = { ...request.headers, ...actor?.headers };
  const body = method === "get" ? undefined : request.body;
  const url = `http://localhost${request.path}`;
  const response = await platform.app.handle(
    new Request(url, { method: method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) }),
  );
  const { status } = response;
  const type = response.headers.get("content-type") ?? "";
  expect(response.headers.get("x-request-id")).toBeTruthy();
  if (type.startsWith("text/event-stream")) return void (await response.body?.cancel());
  expect(status === 503 || status < 500).toBe(true);
  if (status >= 400) {
    expect(type).toBe("application/problem+json");
    const problem = (await decoded(response)) as { code: keyof typeof PROBLEMS; status: number };
    expect(misfits({ $ref: "Problem" }, problem, document.components.schemas)).toEqual([]);
    expect([PROBLEMS[problem.code]?.status, problem.status]).toEqual([status as never, status]);
    return;
  }
  // An odd path may lead to another route.
  if (status === 304 || routeOf(method, new URL(url).pathname) !== operation) return;
  const said = operation.responses[String(status)];
  expect({ status, said: said !== undefined }).toEqual({ status, said: true });
  const schema = said?.content?.["application/json"]?.schema;
  if (!type.startsWith("application/json") || schema === undefined) return void (await response.body?.cancel());
  expect(misfits(schema, await decoded(response), document.components.schemas)).toEqual([]);
}

async function decoded(response: Response): Promise<unknown> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const coding = response.headers.get("content-encoding");
  if (coding === "gzip") return JSON.parse(new TextDecoder().decode(Bun.gunzipSync(bytes)));
  if (coding === "zstd") return JSON.parse(new TextDecoder().decode(Bun.zstdDecompressSync(bytes)));
  if (coding === "br") return JSON.parse((await import("node:zlib")).brotliDecompressSync(bytes).toString());
  return JSON.parse(new TextDecoder().decode(bytes));
}

describe("anything at all", () => {
  test.each(operations.map((each) => [`${each.method} ${each.path}`, each] as const))(
    "%s",
    async (_, { path, method, operation }) => {
      await populate();
      const [someId, someName] = [fc.constantFrom(...ids), fc.constantFrom(...names)];
      const numRuns = COSTLY.has(operation.operationId) ? 40 : 120;
      await fc.assert(
        fc.asyncProperty(requestOf(path, operation, someId, someName), (request) => check(operation, method, request)),
        { numRuns },
      );
      expect(platform.failures).toEqual([]);
    },
    120_000,
  );
});
