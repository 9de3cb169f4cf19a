/**
 * One connection to Redis that fails fast: nothing is queued while Redis is away, a command waits a second and a half at most, and trying again never
 * ends. What goes wrong is told once per outage, with a count at its end.
 */
import { createHash } from "node:crypto";
import { Redis, type RedisOptions } from "ioredis";
import type { Log } from "../../log.ts";
import { within } from "../within.ts";

const COMMAND_TIMEOUT = 1_500;
/** What ioredis calls it; it has no code. */
const TIMED_OUT = "Command timed out";
const CONNECT_TIMEOUT = 5_000;
/** How long the other side may take to close as well. ioredis keeps this timer even when the socket is gone already. */
export const DISCONNECT_TIMEOUT = 200;
const MAX_RECONNECT_DELAY = 1_000;

export const reconnectDelay = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RECONNECT_DELAY);

/** A Lua script: keys it touches come in KEYS. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash("sha1").update(lua).digest("hex") });

export interface Connection {
  readonly client: Redis;
  readonly isUp: () => boolean;
  /** What Redis answers, or `fallback` while it is away or refuses. Never rejects. */
  read<T>(fallback: T, ask: (client: Redis) => Promise<T>): Promise<T>;
  /** Does it, or counts it as dropped. Never rejects. */
  write(run: (client: Redis) => Promise<unknown>): Promise<void>;
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Bounded. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly address: RedisOptions;
  readonly shown: string;
  /** What the connection is for, as CLIENT LIST and the log show it. */
  readonly name: string;
  readonly log: Log;
  readonly onDrop: () => void;
  readonly onOutage?: () => void;
  readonly more?: RedisOptions;
}

/** ioredis' errors carry the command with its arguments, which may be a password: only the message is told. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? code : typeof message === "string" && message !== "" ? message : "no answer";
};

const TELL_EVERY = 60_000;

/** Tells the first of a row of failures, one a minute while they go on, and how many there were when it is over. */
export function makeOutageLog(log: Log, fields: Record<string, unknown>) {
  let failures = 0;
  let toldAt = 0;
  return {
    failed(error: unknown) {
      failures++;
      if (failures > 1 && Date.now() - toldAt < TELL_EVERY) return;
      toldAt = Date.now();
      log.warn(
        { code: "bus.away", ...fields, failures, reason: reasonOf(error) },
        "Redis is away; going on without it",
      );
    },
    over() {
      if (failures > 0) log.info({ code: "bus.back", ...fields, failures }, "Redis is back");
      failures = 0;
    },
  };
}

export function openConnection(options: ConnectionOptions): Connection {
  const { address, shown, name, log, onDrop, onOutage = () => {}, more = {} } = options;
  const settings: RedisOptions = {
    ...address,
    connectionName: `streamhub-${name}`,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT,
    connectTimeout: CONNECT_TIMEOUT,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    retryStrategy: reconnectDelay,
    // After a failover the old primary answers as a replica: connect again, to whoever has the name now.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
    disableClientInfo: true,
    ...more,
  };
  const client = new Redis({ ...settings, replyMapping: "legacy" });
  const outages = makeOutageLog(log, { redis: shown, connection: name });
  let wasUp = false;
  client.on("ready", () => {
    wasUp = true;
    outages.over();
  });
  client.on("close", () => {
    if (wasUp) onOutage();
    wasUp = false;
  });
  client.on("error", (error: unknown) => outages.failed(error));
  client.connect().catch(() => {
    // Told by the error event; the client keeps trying.
  });
  const isUp = () => client.status === "ready";

  async function attempt<T>(fallback: T, ask: (client: Redis) => Promise<T>, onFailure: () => void): Promise<T> {
    if (!isUp()) {
      onFailure();
      return fallback;
    }
    try {
      return await ask(client);
    } catch (error) {
      if (client.status === "ready") outages.failed(error);
      // A Redis that hangs (swapping, a half-open connection) must not cost every request the timeout: until it answers again it is away.
      if (reasonOf(error) === TIMED_OUT) client.disconnect(true);
      onFailure();
      return fallback;
    }
  }

  return {
    client,
    isUp,
    read: (fallback, ask) => attempt(fallback, ask, () => {}),
    write: async (run) => void (await attempt<unknown>(undefined, run, onDrop)),
    async run({ lua, sha }, keys, args) {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        // A Redis that was started again has forgotten its scripts.
        if (!reasonOf(error).startsWith("NOSCRIPT")) throw error;
        return client.eval(lua, keys.length, ...keys, ...args);
      }
    },
    close: () => endClient(client),
  };
}

/** Lets the client finish what it has sent, for a second; then the socket goes. Nothing of it is left afterwards. */
export async function endClient(client: Redis): Promise<void> {
  const ended = new Promise((resolve) => client.once("end", resolve));
  // After the answer to QUIT it is Redis that closes.
  if (client.status === "ready" && (await within(1_000, client.quit()))) await within(DISCONNECT_TIMEOUT, ended);
  const { status } = client as { status: string };
  if (status === "end") return;
  client.disconnect();
  // Between two attempts there is no socket whose end could be told.
  if (status !== "reconnecting") await within(2 * DISCONNECT_TIMEOUT, ended);
}

/** Resolves when the connection is there, or after so long without. */
export async function settled({ client }: Connection, patience: number): Promise<boolean> {
  if (client.status === "ready") return true;
  await within(patience, new Promise((resolve) => client.once("ready", resolve)));
  return (client.status as string) === "ready";
}
