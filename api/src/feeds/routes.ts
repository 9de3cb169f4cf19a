import { Elysia, t } from "elysia";
import { etagOf, matches } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { feedService } from "./service.ts";

/** Readers come every few minutes at most; who wants to know at once is told by other ways. */
const CACHE = "public, max-age=60, s-maxage=60, stale-while-revalidate=300";

const problemAnswer = {
  description: "Refused",
  content: { "application/problem+json": { schema: ProblemSchema } },
};

export function feedRoutes(services: Services) {
  const feeds = feedService(services);
  // Beside the page that it belongs to.
  return new Elysia({ name: "feeds", tags: ["Channels"] }).get(
    "/watch/:slug/feed.xml",
    async ({ params, request, set }) => {
      const text = await feeds.atom(params.slug, services.publicUrl ?? new URL(request.url).origin);
      const etag = etagOf(text);
      Object.assign(set.headers, { etag, "cache-control": CACHE, vary: "Accept-Encoding" });
      if (matches(request.headers.get("if-none-match"), etag)) {
        set.status = 304;
        return;
      }
      set.headers["content-type"] = "application/atom+xml; charset=utf-8";
      return text;
    },
    {
      params: t.Object({ slug: t.String({ minLength: 1, maxLength: 100 }) }),
      detail: {
        summary: "A channel's broadcasts as an Atom feed",
        operationId: "getChannelFeed",
        responses: {
          200: { description: "The feed", content: { "application/atom+xml": { schema: { type: "string" } } } },
          304: { description: "As it was" },
          ...Object.fromEntries([404, 422].map((status) => [status, problemAnswer])),
        },
      },
    },
  );
}
