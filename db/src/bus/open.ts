import type { Log } from "../log.ts";
import type { Bus } from "./bus.ts";
import { makeInProcessBus } from "./in-process.ts";
import { openRedisBus } from "./redis.ts";

export interface OpenBusOptions {
  /** REDIS_URL; null or empty: the bus of this process. */
  readonly url: string | null;
  readonly log: Log;
  /** Of all keys in Redis; default `streamhub:`. */
  readonly prefix?: string;
}

/** Throws BusError `bus.bad-url`. A Redis that is away is no failure: the bus starts without it, and recovers. */
export async function openBus({ url, log, ...more }: OpenBusOptions): Promise<Bus> {
  return url === null || url === "" ? makeInProcessBus(undefined, { log }) : openRedisBus({ url, log, ...more });
}
