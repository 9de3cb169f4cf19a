/** Reads REDIS_URL. Neither a message nor `shown` repeats its password. */
import type { RedisOptions } from "ioredis";
import { BusError } from "../bus.ts";

export interface RedisAddress {
  readonly options: RedisOptions;
  /** For people and logs. */
  readonly shown: string;
}

const HINT =
  "Write it as redis://USER:PASSWORD@HOST:6379/0 (rediss:// for TLS; user, password and database may be left out).";

/** Throws BusError `bus.bad-url`. */
export function parseRedisUrl(text: string): RedisAddress {
  if (!URL.canParse(text)) throw new BusError("bus.bad-url", `REDIS_URL is not a URL. ${HINT}`);
  const url = new URL(text);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:")
    throw new BusError("bus.bad-url", `REDIS_URL must begin with redis:// or rediss://. ${HINT}`);
  if (url.hostname === "") throw new BusError("bus.bad-url", `REDIS_URL names no host. ${HINT}`);
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (database === undefined)
    throw new BusError("bus.bad-url", `REDIS_URL must end with the number of a database, or with none. ${HINT}`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 6379 : Number(url.port);
  const [username, password] = [decoded(url.username), decoded(url.password)];
  return {
    options: {
      host,
      port,
      ...(username === "" ? {} : { username }),
      ...(password === "" ? {} : { password }),
      ...(database === undefined || database === "" ? {} : { db: Number(database) }),
      ...(url.protocol === "rediss:" ? { tls: { servername: host } } : {}),
    },
    shown: `${url.protocol}//${url.host}${database === "" ? "" : `/${database}`}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BusError("bus.bad-url", `REDIS_URL has a % that encodes nothing: write % itself as %25. ${HINT}`);
  }
}
