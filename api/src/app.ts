/** The HTTP API as one value: `createApp(services).handle(request)` answers every route without a port. */
import { type AnyElysia, Elysia } from "elysia";
import { apiTokenRoutes } from "./api-tokens/routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import { authRoutes } from "./auth/routes.ts";
import { channelRoutes } from "./channels/routes.ts";
import { chatRoutes } from "./chat/routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import { makeAnswers } from "./edge/answers.ts";
import { bodies } from "./edge/bodies.ts";
import { makeCors } from "./edge/cors.ts";
import { makeEdge, originalOf } from "./edge/edge.ts";
import { makeMethods } from "./edge/methods.ts";
import { problems, requestIdOf } from "./error.ts";
import { eventRoutes } from "./events/routes.ts";
import { feedRoutes } from "./feeds/routes.ts";
import { followRoutes } from "./follows/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { requestLimits } from "./limits/plugin.ts";
import { platformMetrics } from "./metrics/platform.ts";
import { makeRequestMetrics } from "./metrics/requests.ts";
import { noticeRoutes } from "./notices/routes.ts";
import { obsRoutes } from "./obs/routes.ts";
import { oembedRoutes } from "./oembed/routes.ts";
import { openapiRoutes } from "./openapi/routes.ts";
import { playbackRoutes } from "./playback/routes.ts";
import { restreamRoutes } from "./restreams/routes.ts";
import type { Services } from "./services.ts";
import { siteRoutes } from "./site/routes.ts";
import { statisticsRoutes } from "./statistics/routes.ts";
import { streamRoutes } from "./streams/routes.ts";
import { uploadRoutes } from "./uploads/routes.ts";
import { userRoutes } from "./users/routes.ts";
import { quickHeartbeats } from "./views/quick.ts";
import { viewRoutes } from "./views/routes.ts";
import { viewService } from "./views/service.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

export function createApp(given: Services) {
  const services: Services = { ...given, addressOf: (request) => given.addressOf(originalOf(request)) };
  const methods = makeMethods();
  const requests = makeRequestMetrics(services.metrics, services.tracer ?? null);
  const views = viewService(services);
  const https = services.publicUrl?.startsWith("https:") ?? false;
  const quick = quickHeartbeats(views, { https, hasCors: services.corsOrigins.length > 0 });
  // Describes itself, so it is named before it is there; its type must not depend on itself.
  let described: AnyElysia;
  const edge = makeEdge({
    cors: makeCors(services.corsOrigins),
    methods,
    answers: services.keepAnswers === true ? makeAnswers(services.now) : null,
    requestIdOf,
    https,
  });
  // Elysia's quick way to find the path takes host names of four letters and more for granted; "http://tv/" is a fine address at home.
  const app = new Elysia({ name: "streamhub", handler: { standardHostname: false } })
    .wrap(edge as unknown as Parameters<Elysia["wrap"]>[0])
    .wrap(quick as unknown as Parameters<Elysia["wrap"]>[0])
    .wrap(requests.around as unknown as Parameters<Elysia["wrap"]>[0])
    .use(problems(services.onFailure ?? (() => {}), methods.of))
    .use(requestLimits(services))
    .use(bodies())
    .use(openapiRoutes(() => described))
    .use(healthRoutes(services.probes))
    .use(siteRoutes(services.site))
    .use(oembedRoutes(services))
    .use(authRoutes(services))
    .use(apiTokenRoutes(services))
    .use(auditRoutes(services))
    .use(channelRoutes(services))
    .use(restreamRoutes(services))
    .use(obsRoutes(services))
    .use(chatRoutes(services))
    .use(feedRoutes(services))
    .use(followRoutes(services))
    .use(noticeRoutes(services))
    .use(streamRoutes(services))
    .use(playbackRoutes(services))
    .use(viewRoutes(services, views))
    .use(userRoutes(services))
    .use(statisticsRoutes(services))
    .use(uploadRoutes(services))
    .use(webhookRoutes(services))
    .use(documentRoutes(services))
    .use(eventRoutes(services));
  described = app;
  methods.learn(app.routes);
  requests.learn(app.routes);
  platformMetrics(services);
  return app;
}

export { startChores } from "./chores.ts";
export { type FeedLimits, type Feeds, makeFeeds } from "./events/feeds.ts";
export { feedPath } from "./feeds/service.ts";
export { type Mailer, makeMailer } from "./mail/mailer.ts";
export { startMail } from "./mail/start.ts";
export { startNotices } from "./notices/start.ts";
export type { Services } from "./services.ts";
export { makeSockets, type Sockets } from "./sockets.ts";
export { startStatistics } from "./statistics/start.ts";
export { startViews } from "./views/start.ts";
export { makeViews } from "./views/views.ts";
export { startWebhooks } from "./webhooks/start.ts";

const FEED = /^\/watch\/[^/]+\/feed\.xml$/;

/** Whether an address is one of the API's; what is not may be a page of the site. */
export const isApiPath = (path: string): boolean =>
  path.startsWith("/api/") || path.startsWith("/uploads/") || FEED.test(path);

/** The type that the typed client is made of. */
export type App = ReturnType<typeof createApp>;
