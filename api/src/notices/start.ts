/** Tells those who follow a channel that it went live: jobs on the bus, done by whichever process takes them. */
import { type Bus, type Database, type KeyVault, LIVE_NOTICES, type Log, queries } from "@streamhub/db";
import type { Registry } from "prom-client";
import type { Mailer } from "../mail/mailer.ts";
import { makeOutbound, type Outbound } from "../outbound/outbound.ts";
import { makeVapid } from "../push/vapid.ts";
import { makeFanOut } from "./fan-out.ts";
import { makeMailSender } from "./mail.ts";
import { noticeCounter } from "./metrics.ts";
import { makePushSender } from "./push.ts";

export interface NoticesOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly vault: KeyVault;
  readonly publicUrl: string | null;
  /** Proves that an address to turn letters off came from us. */
  readonly secret: string;
  readonly metrics: Registry;
  /** Null: nobody is told by e-mail. */
  readonly mailer: Mailer | null;
  readonly log: Log;
  readonly outbound?: Outbound;
  /** Milliseconds before the second attempt. */
  readonly firstRetry?: number;
}

/** A channel that goes on and off says so once in this time. Milliseconds. */
const QUIET = 10 * 60_000;

/** Leaves its jobs with the bus, whose end is theirs. */
export async function startNotices(options: NoticesOptions): Promise<void> {
  const { db, bus, log, secret, mailer, publicUrl, outbound = makeOutbound(), firstRetry } = options;
  const count = noticeCounter(options.metrics);
  const read = (streamId: number) => queries.liveNotice(db, streamId);
  const lost = (way: string) => (count: number) =>
    log.warn({ code: "notices.lost", way, count }, "Some followers could not be told that a channel is live");
  const common = { jobs: bus.jobs, read, ...(firstRetry === undefined ? {} : { firstRetry }) };
  const send = makePushSender({ db, outbound, log, count, vapid: makeVapid(options) });
  const push = makeFanOut({ ...common, name: "notices.push", send, onLost: lost("push") });
  // Letters have links to the site.
  const mail =
    mailer === null || publicUrl === null
      ? null
      : makeFanOut({
          ...common,
          name: "notices.mail",
          send: makeMailSender({ db, mailer, publicUrl, secret, count, log }),
          onLost: lost("mail"),
        });

  /** Whether this stream is the one that its channel's followers are told of now; also when it is asked a second time. */
  async function isNews({ channelId, streamId }: queries.LiveNotice): Promise<boolean> {
    const key = `noticed:${channelId}`;
    const told = await bus.cache.get(key);
    if (told === null) await bus.cache.set(key, String(streamId), QUIET);
    return told === null || told === String(streamId);
  }

  try {
    await push.start();
    await mail?.start();
    await bus.jobs.work(LIVE_NOTICES, async (data) => {
      const notice = await read(Number(data));
      if (notice === null || !(await isNews(notice))) return;
      await push.begin(notice.streamId, (after, limit) => queries.followersByPush(db, notice.channelId, after, limit));
      await mail?.begin(notice.streamId, (after, limit) => queries.followersByMail(db, notice.channelId, after, limit));
    });
  } catch (error) {
    log.warn({ code: "notices.not-started", error: String(error) }, "Followers are not told that channels go live");
  }
}
