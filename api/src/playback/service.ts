/** Playback tokens: whoever may see a channel may watch it. They are needed for private channels only; the others' media is for everyone. */
import { networkOf, queries } from "@streamhub/db";
import {
  isPlaybackSession,
  makePlaybackSession,
  makePlaybackTokens,
  type PlaybackTarget,
} from "@streamhub/db/playback-token";
import type { Actor } from "../auth/guard.ts";
import { playbackOf, viewerOf } from "../channels/service.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";

const MINUTE = 60_000;
/** Seconds. A player takes the next one before it is over; who may watch no more does so for no longer. */
export const LIVE_SECONDS = 600;
const MAX_VOD_SECONDS = 86_400;
/** Players of one account at once. */
export const MAX_PLAYERS = 3;
/** Tokens of one account, or of one network without an account. */
const RATE = { limit: 60, window: MINUTE };

/** The playlists of a recording are read once, and players that can't renew a token ask for its last segment with it: twice its length should do. */
const vodSeconds = (duration: number | null): number =>
  Math.min(MAX_VOD_SECONDS, LIVE_SECONDS + 2 * Math.max(0, duration ?? 0));

export function playbackService(services: Services) {
  const { db, bus, addressOf, secret, now = Date.now } = services;
  const tokens = makePlaybackTokens(secret, now);

  async function count(actor: Actor | null, request: Request): Promise<void> {
    const who = actor === null ? networkOf(addressOf(request)) : `user:${actor.userId}`;
    const { allowed, retryAfter } = await bus.limits.hit(`playback:${who}`, RATE);
    if (!allowed) throw new AppError("limit.exceeded", "Too many playback tokens.", undefined, retryAfter / 1_000);
  }

  function issue(actor: Actor | null, target: PlaybackTarget, seconds: number, given: string | undefined) {
    const session = given !== undefined && isPlaybackSession(given) ? given : makePlaybackSession();
    const expiresAt = Math.floor(now() / 1_000) + seconds;
    // Nobody in particular is somebody else each time.
    const subject = actor === null ? tokens.anySubject() : tokens.subjectOf(actor.userId);
    const token = tokens.sign(target, { subject, session, expiresAt, maxSessions: MAX_PLAYERS });
    return { token, session, expiresIn: seconds, expiresAt: new Date(expiresAt * 1_000).toISOString() };
  }

  type Issued = ReturnType<typeof issue>;

  const live = (slug: string, issued: Issued) => {
    const { hls, dash } = playbackOf(slug);
    const withToken = (path: string) => `${path}?token=${issued.token}`;
    return {
      ...issued,
      hls: withToken(hls),
      dash: withToken(dash),
      ws: withToken(`/live/${slug}/ws`),
      flv: withToken(`/live/${slug}.flv`),
    };
  };

  return {
    async ofChannel(actor: Actor | null, id: number, request: Request, session?: string) {
      await count(actor, request);
      const channel = await queries.getChannel(db, id, viewerOf(actor));
      if (channel === null) throw new AppError("channel.not-found");
      const { slug } = channel;
      return live(slug, issue(actor, { kind: "live", slug }, LIVE_SECONDS, session));
    },

    /** Of its channel while it is live, of its recording afterwards. */
    async ofStream(actor: Actor | null, id: number, request: Request, session?: string) {
      await count(actor, request);
      const stream = await queries.getStream(db, id, viewerOf(actor));
      if (stream === null) throw new AppError("stream.not-found");
      const { slug } = stream.channel;
      if (stream.isLive) return live(slug, issue(actor, { kind: "live", slug }, LIVE_SECONDS, session));
      if (stream.startedAt === null)
        throw new AppError("stream.state", "A stream that is planned can't be watched yet.");
      const issued = issue(actor, { kind: "vod", streamId: id }, vodSeconds(stream.duration), session);
      const at = (name: string) => `/vod/${id}/${name}?token=${issued.token}`;
      return { ...issued, hls: at("master.m3u8"), dash: at("manifest.mpd"), ws: null, flv: null };
    },
  };
}
