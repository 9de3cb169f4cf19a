/** The HTTP API as one value: `createApp(services).handle(request)` answers every route without a port. */
import { openapi } from "@elysiajs/openapi";
import { Elysia } from "elysia";
import { channelRoutes } from "./channels/routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import { problems } from "./error.ts";
import { healthRoutes } from "./health/routes.ts";
import type { Services } from "./services.ts";
import { siteRoutes } from "./site/routes.ts";
import { streamRoutes } from "./streams/routes.ts";

export function createApp(services: Services) {
  // Elysia's quick way to find the path takes host names of four letters and more for granted; "http://tv/" is a fine address at home.
  return new Elysia({ name: "streamhub", handler: { standardHostname: false } })
    .use(problems(services.onFailure ?? (() => {})))
    .use(
      openapi({
        // The stock page loads its scripts from another host; no page of ours does that, so only the document is served.
        provider: null,
        path: "/api/openapi",
        specPath: "/api/openapi",
        documentation: { info: { title: "StreamHub API", version: "0.1.0", license: { name: "MIT" } } },
      }),
    )
    .use(healthRoutes(services.probes))
    .use(siteRoutes(services.site))
    .use(channelRoutes(services))
    .use(streamRoutes(services))
    .use(documentRoutes(services));
}

export type { Services } from "./services.ts";

/** The type that the typed client is made of. */
export type App = ReturnType<typeof createApp>;
