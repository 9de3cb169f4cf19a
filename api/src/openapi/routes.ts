import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyElysia, Elysia, t } from "elysia";
import { etagOf, matches } from "../caching.ts";
import { describeApi } from "./document.ts";
import { renderPage, STYLE_PATH } from "./page.ts";

/** The page has no script; its one style sheet and the site's icon are from here. */
const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Text {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function text(body: string, type: string, more: Record<string, string> = {}): Text {
  const headers = {
    "content-type": type,
    etag: etagOf(body),
    "cache-control": "public, max-age=0, s-maxage=60",
    ...more,
  };
  return { body, headers };
}

function send(request: Request, { body, headers }: Text): Response {
  const known = matches(request.headers.get("if-none-match"), headers.etag ?? "");
  return new Response(known ? null : body, { status: known ? 304 : 200, headers });
}

/** A browser says text/html; programs say anything, JSON or nothing. */
const wantsPage = (request: Request): boolean => request.headers.get("accept")?.includes("text/html") ?? false;

/** `app`: all routes, once they are there. */
export function openapiRoutes(app: () => AnyElysia) {
  const made = new Map<"document" | "page", Text>();
  const style = text(readFileSync(join(import.meta.dir, "page.css"), "utf8"), "text/css; charset=utf-8");
  const remember = (name: "document" | "page", make: () => Text): Text => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  };
  const document = () =>
    remember("document", () => text(JSON.stringify(describeApi(app())), "application/json", { vary: "Accept" }));
  const page = () =>
    remember("page", () =>
      text(renderPage(describeApi(app())), "text/html; charset=utf-8", {
        vary: "Accept",
        "content-security-policy": PAGE_POLICY,
      }),
    );
  return new Elysia({ name: "openapi", tags: ["Operations"] })
    .get(
      "/api/openapi",
      ({ request, query }) => send(request, query.format !== "json" && wantsPage(request) ? page() : document()),
      {
        query: t.Object({ format: t.Optional(t.Literal("json", { description: "The document, for browsers too" })) }),
        detail: {
          summary: "This document; as a page for browsers",
          operationId: "openapi",
          responses: {
            200: {
              description: "OpenAPI 3.1",
              content: {
                "application/json": { schema: { type: "object" } },
                "text/html": { schema: { type: "string" } },
              },
            },
          },
        },
      },
    )
    .get(STYLE_PATH, ({ request }) => send(request, style), { detail: { hide: true } });
}
