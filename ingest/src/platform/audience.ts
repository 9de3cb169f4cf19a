/** Who watches the live streams of this node, on its way to the bus: many viewers in one round trip, each seldom. */
import {
  type Bus,
  isBot,
  makeViewerIdentity,
  networkOf,
  VIEWER_TTL,
  type Viewer,
  viewerCookieOf,
  viewersSet,
} from "@streamhub/db";
import type { Audience } from "../live/ports.ts";

export interface AudienceOptions {
  readonly bus: Bus;
  /** The platform's: the API names the same viewers with it. */
  readonly secret: string;
  /** Milliseconds that never go back, for tests. */
  readonly now?: () => number;
}

export interface BusAudience extends Audience {
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const FLUSH_EVERY = 1_000;
/** The bus is told of a viewer no more often: players ask several times a second. */
const TELL_EVERY = 5_000;
const FORGET_EVERY = 30_000;
/** Of all streams together. What is beyond is not counted until others have gone. */
const MAX_VIEWERS = 200_000;
/** Within FORGET_EVERY: a school behind one address is one, a program that makes up names is another. */
const NEW_FROM_ONE_NETWORK = 600;
const MAX_USER_AGENT = 500;

export function makeAudience({ bus, secret, now = () => performance.now() }: AudienceOptions): BusAudience {
  const identity = makeViewerIdentity(secret);
  /** By stream, then by what tells viewers apart: when the bus was told last. */
  const streams = new Map<number, Map<string, number>>();
  let viewers = 0;
  /** By network: viewers who were not there before. */
  const arrivals = new Map<string, number>();
  let pending: { readonly streamId: number; readonly viewer: Viewer }[] = [];

  function mayArrive(address: string): boolean {
    const network = networkOf(address);
    const count = (arrivals.get(network) ?? 0) + 1;
    if (count > NEW_FROM_ONE_NETWORK || viewers >= MAX_VIEWERS) return false;
    arrivals.set(network, count);
    return true;
  }

  function forget(): void {
    arrivals.clear();
    const before = now() - 2 * TELL_EVERY;
    for (const [streamId, seen] of streams) {
      for (const [who, at] of seen) {
        if (at >= before) continue;
        seen.delete(who);
        viewers--;
      }
      if (seen.size === 0) streams.delete(streamId);
    }
  }

  async function flush(): Promise<void> {
    if (pending.length === 0) return;
    const entries = pending.map(({ streamId, viewer }) => ({
      set: viewersSet(streamId),
      member: identity.member(viewer),
      ttl: VIEWER_TTL,
    }));
    pending = [];
    await bus.presence.touch(entries);
  }

  // A bus that is away counts nobody; the next request of each viewer says it again.
  const timers = [setInterval(() => void flush().catch(() => {}), FLUSH_EVERY), setInterval(forget, FORGET_EVERY)];
  for (const timer of timers) timer.unref();

  return {
    saw(streamId, { headers }, address) {
      const cookie = viewerCookieOf(headers.get("cookie"));
      const userAgent = headers.get("user-agent")?.slice(0, MAX_USER_AGENT) ?? "";
      const who = cookie ?? `${address}\n${userAgent}`;
      let seen = streams.get(streamId);
      const last = seen?.get(who);
      const at = now();
      if (last !== undefined && at - last < TELL_EVERY) return;
      if (isBot(userAgent)) return;
      if (last === undefined) {
        if (!mayArrive(address)) return;
        viewers++;
      }
      if (seen === undefined) {
        seen = new Map();
        streams.set(streamId, seen);
      }
      seen.set(who, at);
      pending.push({ streamId, viewer: { cookie, address, userAgent } });
    },
    flush,
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await flush().catch(() => {});
    },
  };
}
