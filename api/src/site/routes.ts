import { Elysia } from "elysia";
import { publicReads } from "../caching.ts";
import { type Site, SiteSchema } from "./model.ts";

/** What a page must know of this installation; constant while the process runs. */
export function siteRoutes(site: Site) {
  return new Elysia({ name: "site", prefix: "/api", tags: ["Operations"] })
    .use(publicReads(60))
    .get("/site", () => site, {
      response: SiteSchema,
      detail: { summary: "How this installation is reached by encoders", operationId: "site" },
    });
}
