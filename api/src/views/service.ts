import { queries, type Viewer, viewerOf } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { mayManage } from "../auth/policy.ts";
import { AppError } from "../error.ts";
import { makeBuckets } from "../limits/bucket.ts";
import { playbackMetrics } from "../metrics/playback.ts";
import type { Services } from "../services.ts";
import { readOpenBody, readQuality, readReport } from "./model.ts";
import { HEARTBEAT_SECONDS, makeViews, type Outcome } from "./views.ts";

/** Of one session: players report each minute, and when the page is left; two tabs are one session. */
const QUALITY_RULE = { perSecond: 1 / 15, burst: 6 };

/** The host of the page that led here; nothing for our own pages and for what is no address. */
export function referrerHost(referrer: string | undefined, ownHosts: readonly string[]): string {
  if (referrer === undefined || !URL.canParse(referrer)) return "";
  const { protocol, host, hostname } = new URL(referrer);
  if ((protocol !== "https:" && protocol !== "http:") || ownHosts.includes(host)) return "";
  return hostname.replace(/^www\./, "").slice(0, 255);
}

export function viewService(services: Services) {
  const { db, publicUrl, views = makeViews(services) } = services;

  const qualityBuckets = makeBuckets(QUALITY_RULE);
  const countQuality = playbackMetrics(services.metrics);

  /** Throws `stream.not-found` where the stream, or whether there is one, is not for this actor. */
  async function requireWatchable(actor: Actor | null, streamId: number): Promise<void> {
    const stream = queries.isId(streamId) ? await queries.findWatchable(db, streamId) : null;
    const isHidden = stream !== null && (stream.visibility === "private" || stream.isDraft);
    if (stream === null || (isHidden && !mayManage(actor, stream.ownerId))) throw new AppError("stream.not-found");
    if (!stream.hasStarted) throw new AppError("stream.state", "A stream that has not begun can't be watched.");
  }

  function required(outcome: Outcome): void {
    if (outcome === "unknown") throw new AppError("view.not-found");
    if (outcome === "ended") throw new AppError("view.ended", "Open another one.");
  }

  /** Answers at once when it can: a promise for each of ten thousand heartbeats is time. */
  function report(sessionId: string, viewer: Viewer, body: unknown, over: boolean) {
    const { position = null, playing = true } = readReport(body);
    return views.report(sessionId, viewer, { position, playing, over });
  }

  return {
    /** Whether a heartbeat of this session is counted without waiting for anything. */
    knows: (sessionId: string): boolean => views.knows(sessionId),

    viewerOf: (request: Request): Viewer => viewerOf(request, services.addressOf(request)),

    /** The cookie is set for a browser that has none. */
    async open(actor: Actor | null, streamId: number, request: Request, body: unknown) {
      const { referrer } = readOpenBody(body);
      await requireWatchable(actor, streamId);
      const viewer = this.viewerOf(request);
      const ownHosts = [new URL(request.url).host, ...(publicUrl === null ? [] : [new URL(publicUrl).host])];
      const opened = await views.open({
        streamId,
        userId: actor?.userId ?? null,
        viewer,
        referrer: referrerHost(referrer, ownHosts),
      });
      if (opened === null) throw new AppError("stream.not-found");
      return { view: { sessionId: opened.sessionId, heartbeatSeconds: HEARTBEAT_SECONDS }, cookie: opened.cookie };
    },

    /** Throws `view.not-found`, `view.ended`. */
    heartbeat(sessionId: string, viewer: Viewer, body: unknown): void | Promise<void> {
      const outcome = report(sessionId, viewer, body, false);
      return outcome instanceof Promise ? outcome.then(required) : required(outcome);
    },

    /** Throws `view.not-found`. The second end of a session is as the first. */
    async end(sessionId: string, viewer: Viewer, body: unknown): Promise<void> {
      if ((await report(sessionId, viewer, body, true)) === "unknown") throw new AppError("view.not-found");
    },

    /** Throws `request.invalid`, `limit.exceeded`, `view.not-found`, `view.ended`. A session that was ended just now may still say how it was. */
    async quality(sessionId: string, body: unknown): Promise<void> {
      const quality = readQuality(body);
      const wait = qualityBuckets.take(sessionId);
      if (wait > 0) throw new AppError("limit.exceeded", undefined, undefined, wait / 1_000);
      const outcome = await views.quality(sessionId, quality);
      required(outcome);
      countQuality(quality);
    },
  };
}
