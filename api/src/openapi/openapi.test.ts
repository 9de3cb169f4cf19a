/** The document against an OpenAPI validator and against the routes; its page in a real browser. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TransformKind } from "@sinclair/typebox";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { type ApiDocument, METHODS, type Operation } from "./document.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
/** Errors of structure and of the specification, and what a reader or a generator of clients misses. */
const RULES = {
  extends: ["spec", "recommended"],
  rules: {
    "operation-operationId": "error",
    "operation-summary": "error",
    "operation-tag-defined": "error",
    "operation-4xx-response": "error",
    "tag-description": "error",
    "no-path-trailing-slash": "error",
    "security-defined": "error",
    "operation-parameters-unique": "error",
    "path-parameters-defined": "error",
    "no-unused-components": "error",
  },
};

let platform: TestPlatform;
let document: ApiDocument;
const operations: { path: string; method: string; operation: Operation }[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  document = (await (await platform.request("GET", "/api/openapi")).json()) as ApiDocument;
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = methods[method];
      if (operation !== undefined) operations.push({ path, method, operation });
    }
}, 60_000);
afterAll(() => platform?.close());

test("a validator finds nothing wrong with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-openapi-"));
  try {
    const [file, config] = [join(folder, "openapi.json"), join(folder, "redocly.yaml")];
    writeFileSync(file, JSON.stringify(document));
    writeFileSync(config, JSON.stringify(RULES));
    const child = Bun.spawn(
      [join(ROOT, "node_modules", ".bin", "redocly"), "lint", file, "--config", config, "--format", "json"],
      {
        cwd: folder,
        // It would report home and look for a newer version of itself.
        env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", CI: "true" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        timeout: 60_000,
      },
    );
    const [out, said, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (!out.includes("{")) throw new Error(`redocly said nothing: ${said}`);
    const { problems } = JSON.parse(out.slice(out.indexOf("{"))) as {
      problems: { ruleId: string; severity: string; message: string; location: { pointer?: string }[] }[];
    };
    const found = problems.map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
    );
    expect(found).toEqual([]);
    expect(code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 90_000);

describe("the document", () => {
  test("has every route, and no other", () => {
    const routes = platform.app.routes
      .filter(({ path, method }) => !path.includes(".") && method !== "OPTIONS")
      .map(({ method, path }) => {
        const word = method === "WS" ? "GET" : method;
        return `${word} ${path.replace(/(?<=.)\/$/, "").replace(/:(\w+)/g, "{$1}")}`;
      });
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  test("says of every route what it is, who may ask it, and how it refuses", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      const { operationId, summary, tags, security, responses, parameters = [] } = operation;
      const name = `${method} ${path}`;
      expect({ name, operationId }).toEqual({ name, operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/) });
      expect({ name, summary }).toEqual({ name, summary: expect.stringMatching(/\S{2}/) });
      expect({ name, tags: tags.length, security: security.length > 0 }).toEqual({ name, tags: 1, security: true });
      expect(responses["4XX"]).toBeDefined();
      expect(Object.keys(responses).some((status) => /^[123]/.test(status))).toBe(true);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
      expect(parameters.filter((each) => each.in === "path").map((each) => each.name)).toEqual(inPath);
      for (const [status, { content = {}, $ref }] of Object.entries(responses)) {
        if (Number(status) >= 400 && $ref === undefined && operationId !== "ready")
          expect({ name, status, types: Object.keys(content) }).toEqual({
            name,
            status,
            types: ["application/problem+json"],
          });
      }
    }
  });

  test("asks for no second look at what is read most: nothing there is encoded value by value", () => {
    const encoded = (schema: unknown): boolean =>
      typeof schema === "object" &&
      schema !== null &&
      (TransformKind in schema || Object.values(schema).some((inner) => encoded(inner)));
    for (const path of ["/api/streams/", "/api/streams/:id", "/api/channels/", "/api/channels/:id", "/api/users/:id"]) {
      const route = platform.app.routes.find((each) => each.method === "GET" && each.path === path);
      const { response } = (route ?? { hooks: { response: {} } }).hooks as { response: Record<string, unknown> };
      expect({ path, known: 200 in response, encoded: encoded(response[200]) }).toEqual({
        path,
        known: true,
        encoded: false,
      });
    }
  });

  test("speaks no dialect of ours", () => {
    const text = JSON.stringify(document);
    for (const format of text.matchAll(/"format":"([^"]+)"/g))
      expect(["date-time", "date", "int32", "email", "uri", "binary"]).toContain(format[1]!);
    expect(text).not.toContain('"type":"Date"');
    expect(text).not.toContain('"type":"void"');
  });
});

describe("the page", () => {
  const page = async (headers: Record<string, string>, path = "/api/openapi") =>
    platform.request("GET", path, undefined, headers);
  const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

  test.each([
    [{ accept: BROWSER }, "text/html; charset=utf-8"],
    [{ accept: "*/*" }, "application/json"],
    [{ accept: "application/json" }, "application/json"],
    [{}, "application/json"],
  ])("%j gives %s", async (headers: Record<string, string>, type) => {
    const response = await page(headers);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect(response.headers.get("vary")).toMatch(/\bAccept\b/);
    const again = await page({ ...headers, "if-none-match": response.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  test("names every route, no other host, no script and no style of its own", async () => {
    const response = await page({ accept: BROWSER });
    const html = await response.text();
    expect(response.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    for (const { operation } of operations) expect(html).toContain(`id="${operation.operationId}"`);
    expect(html).not.toMatch(/<script|\sstyle=|<style|\son\w+=|https?:\/\//);
    expect(html).not.toContain("undefined");
    expect((await page({ accept: BROWSER }, "/api/openapi?format=json")).headers.get("content-type")).toBe(
      "application/json",
    );
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
