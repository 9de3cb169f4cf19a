/** Tells browsers by Web Push (RFC 8030) that a channel is live. */
import { type Database, type Log, queries } from "@streamhub/db";
import type { Outbound } from "../outbound/outbound.ts";
import { encryptPush } from "../push/encrypt.ts";
import type { Vapid } from "../push/vapid.ts";
import type { Delivery } from "./fan-out.ts";
import type { noticeCounter } from "./metrics.ts";
import { noticeWords } from "./words.ts";

/** What the site's service worker is sent (web/public/worker.js). */
export interface PushMessage {
  readonly title: string;
  readonly body: string;
  /** Path of the page that a click opens. */
  readonly url: string;
  /** A later one of the same takes its place. */
  readonly tag: string;
}

export interface PushOptions {
  readonly db: Database;
  readonly vapid: Vapid;
  readonly outbound: Outbound;
  readonly count: ReturnType<typeof noticeCounter>;
  readonly log: Log;
}

/** RFC 8030 §5.2: a browser that comes back after half an hour has missed it. Seconds. */
const TTL = 1_800;
const AT_ONCE = 8;

type Target = Awaited<ReturnType<typeof queries.pushSubscriptionsOf>>[number];

const messageFor = ({ channel, title, slug, channelId }: queries.LiveNotice, { locale }: Target): PushMessage => ({
  title: noticeWords(locale).live(channel),
  body: title === channel ? "" : title,
  url: `/watch/${slug}`,
  tag: `live-${channelId}`,
});

export function makePushSender({ db, vapid, outbound, count, log }: PushOptions) {
  async function deliver(notice: queries.LiveNotice, target: Target): Promise<Delivery> {
    const { endpoint } = target;
    try {
      const body = await encryptPush(JSON.stringify(messageFor(notice, target)), target);
      const { status, retryAfter } = await outbound.post(endpoint, {
        headers: {
          authorization: await vapid.authorization(endpoint),
          "content-type": "application/octet-stream",
          "content-encoding": "aes128gcm",
          ttl: String(TTL),
          urgency: "high",
          // RFC 8030 §5.4: one that was not delivered yet is replaced.
          topic: `live-${notice.channelId}`,
        },
        body,
      });
      count("push", status < 300 ? "sent" : status === 429 || status >= 500 ? "failed" : "refused");
      if (status < 300) return "done";
      if (status === 404 || status === 410) await queries.forgetPushEndpoint(db, endpoint);
      else if (status === 429 || status >= 500) return { retryAfter };
      // Another try would be refused as well.
      else
        log.warn({ code: "push.refused", status, service: new URL(endpoint).host }, "A push service refused a message");
      return "done";
    } catch {
      count("push", "failed");
      return { retryAfter: null };
    }
  }

  return async (notice: queries.LiveNotice, sessions: readonly number[]): Promise<ReadonlyMap<number, Delivery>> => {
    const waiting = await queries.pushSubscriptionsOf(db, sessions);
    const outcomes = new Map<number, Delivery>();
    const one = async () => {
      for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
        outcomes.set(target.sessionId, await deliver(notice, target));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return outcomes;
  };
}
