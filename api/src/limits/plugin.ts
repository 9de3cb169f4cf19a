/**
 * Stands before the routes: a token bucket per address for every request, and for what changes something a window on the bus, per account or
 * else per address. There is no exception for this machine's own addresses: behind a proxy that is not trusted, everybody has them.
 */
import type { Bus } from "@streamhub/db";
import { networkOf } from "@streamhub/db/viewer-identity";
import { type Context, Elysia } from "elysia";
import { AppError } from "../error.ts";
import { makeBuckets } from "./bucket.ts";
import { REQUEST_LIMITS, type RequestLimits } from "./model.ts";

export interface LimitsOptions {
  readonly bus: Bus;
  readonly addressOf: (request: Request) => string;
  readonly limits?: Partial<RequestLimits> | undefined;
}

interface Asked extends Pick<Context, "request" | "route" | "set"> {
  /** Set by the guards of the routes that know accounts (auth/guard.ts). */
  readonly actor?: { readonly userId: number } | null;
}

const MINUTE = 60_000;
const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Signs of life come from every viewer every few seconds; the viewing sessions themselves decide which of them count. */
const SIGN_OF_LIFE = /^[^/]*\/\/[^/]*\/api\/views\//;
const OPENS_VIEW = "/api/streams/:id/views";

/** draft-ietf-httpapi-ratelimit-headers-10: the quota and its window, what remains of it, and after how many seconds there is more. */
function rateHeaders(policy: string, quota: number, seconds: number, remaining: number, retryAfter: number) {
  const wait = retryAfter > 0 ? `;t=${Math.ceil(retryAfter / 1_000)}` : "";
  return {
    "ratelimit-policy": `"${policy}";q=${quota};w=${seconds}`,
    ratelimit: `"${policy}";r=${remaining}${wait}`,
  };
}

const exceeded = (detail: string, retryAfter: number, headers: Readonly<Record<string, string>>) =>
  new AppError("limit.exceeded", detail, undefined, retryAfter / 1_000, headers);

export function requestLimits({ bus, addressOf, limits }: LimitsOptions) {
  const { perSecond, burst, writesPerMinute, viewsPerMinute } = { ...REQUEST_LIMITS, ...limits };
  const buckets = makeBuckets({ perSecond, burst });
  const window = Math.ceil(burst / perSecond);

  return (
    new Elysia({ name: "limits" })
      .onRequest(({ request }) => {
        const wait = SIGN_OF_LIFE.test(request.url) ? 0 : buckets.take(networkOf(addressOf(request)));
        if (wait > 0)
          throw exceeded("This address asks too often.", wait, rateHeaders("requests", burst, window, 0, wait));
      })
      // Named one by one: of a context that is passed on whole, Elysia prepares all there is, cookies and query too, for every request.
      .onBeforeHandle({ as: "global" }, async ({ request, route, set, actor }: Asked) => {
        if (READS.has(request.method) || SIGN_OF_LIFE.test(request.url)) return;
        const who = actor ? `user:${actor.userId}` : `address:${networkOf(addressOf(request))}`;
        const opensView = route === OPENS_VIEW;
        const [policy, limit] = opensView
          ? (["views", viewsPerMinute] as const)
          : (["writes", writesPerMinute] as const);
        const result = await bus.limits.hit(`${policy}:${who}`, { limit, window: MINUTE });
        const headers = rateHeaders(policy, limit, MINUTE / 1_000, result.remaining, result.retryAfter);
        if (!result.allowed)
          throw exceeded(
            actor ? "This account changes too much at once." : "Too many changes come from this address.",
            result.retryAfter,
            headers,
          );
        Object.assign(set.headers, headers);
      })
  );
}
