/** A real listener on a free port with a gate in memory, and everything that a test asks about it. */
import { ms } from "../../src/bytes/units.ts";
import { makePlayback } from "../../src/live/playback.ts";
import type {
  Admitted,
  Callbacks,
  Gate,
  Log,
  PlaybackTokens,
  PublishRequest,
  Refused,
  Siblings,
} from "../../src/live/ports.ts";
import { Registry } from "../../src/live/registry.ts";
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from "../../src/server/limits.ts";
import { type RtmpServer, startRtmpServer } from "../../src/server/listener.ts";

/** Short enough that nobody waits; whole seconds apart from each other where a test tells them apart. */
export const SHORT_LIMITS: ServerLimits = {
  ...DEFAULT_SERVER_LIMITS,
  handshakeTimeout: ms(600),
  setupTimeout: ms(900),
  idleTimeout: ms(1_500),
  stallTimeout: ms(1_500),
  graceTime: ms(300),
};

type Answer = Admitted | Refused;
export type Verdict = (request: PublishRequest) => Answer | Promise<Answer>;

export interface TestServer extends AsyncDisposable {
  readonly rtmp: RtmpServer;
  readonly registry: Registry;
  readonly port: number;
  readonly asked: PublishRequest[];
  readonly ended: number[];
  readonly logged: { readonly level: string; readonly code: string; readonly text: string }[];
  handedOver(): number;
  /** How many connections closed, by reason. */
  closed(reason: string): number;
  allClosed(): Record<string, number>;
}

/** Admits every key as the channel `KEY-live` (never the key itself). */
export const admitAll: Verdict = ({ key }) => admitted(`${key}-live`, 1);

export function admitted(slug: string, streamId: number | null): Admitted {
  return {
    kind: "admitted",
    slug,
    channelId: 1,
    streamId,
    visibility: "public",
    latency: "standard",
    quality: "source",
    secondEncoder: streamId === null ? "refuse" : "takeover",
    remuxer: "auto",
    isRecorded: false,
    dvrSeconds: 0,
  };
}

export interface TestServerOptions {
  readonly verdict?: Verdict;
  readonly limits?: Partial<ServerLimits>;
  readonly apps?: readonly string[] | null;
  readonly playback?: PlaybackTokens;
  readonly callbacks?: Callbacks;
  readonly networkOf?: (address: string) => string;
  readonly isProxy?: (address: string) => boolean;
  readonly siblings?: Siblings;
  readonly tls?: { readonly port: number; readonly cert: string; readonly key: string };
}

export function openServer(options: TestServerOptions = {}): TestServer {
  const { verdict = admitAll, limits = {}, apps = ["live"], tls, isProxy } = options;
  const { siblings = null, playback = null, callbacks = null } = options;
  const asked: PublishRequest[] = [];
  const ended: number[] = [];
  const logged: TestServer["logged"] = [];
  const closed = new Map<string, number>();
  let handedOver = 0;
  const registry = new Registry();
  const gate: Gate = {
    async admit(request) {
      asked.push(request);
      return verdict(request);
    },
    async ended(streamId) {
      ended.push(streamId);
    },
    recover: async () => 0,
    close: async () => {},
  };
  const at = (level: string) => (fields: object, text: string) => {
    logged.push({ level, code: String((fields as { code?: string }).code), text: `${JSON.stringify(fields)} ${text}` });
  };
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const rtmp = startRtmpServer({
    host: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    ...(isProxy === undefined ? {} : { isProxy }),
    ...(options.networkOf === undefined ? {} : { networkOf: options.networkOf }),
    siblings,
    apps,
    gate,
    callbacks,
    registry,
    playback: makePlayback(playback),
    limits: { ...SHORT_LIMITS, ...limits },
    metrics: {
      opened: () => {},
      closed: (reason) => closed.set(reason, (closed.get(reason) ?? 0) + 1),
      handedOver: () => {
        handedOver++;
      },
      received: () => {},
      sent: () => {},
    },
    log,
  });
  return {
    rtmp,
    registry,
    port: rtmp.port,
    asked,
    ended,
    logged,
    handedOver: () => handedOver,
    closed: (reason) => closed.get(reason) ?? 0,
    allClosed: () => Object.fromEntries(closed),
    async [Symbol.asyncDispose]() {
      await rtmp.stop(3_000);
    },
  };
}

/** Waits for a condition, at most ten seconds: timing never decides, only whether. */
export async function until(what: string, condition: () => boolean, within = 10_000): Promise<void> {
  const deadline = Date.now() + within;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await Bun.sleep(5);
  }
}
