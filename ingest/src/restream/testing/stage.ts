/** A broadcast without an encoder, and the targets that it is sent on to. */
import { Registry as PromRegistry } from "prom-client";
import { until } from "../../../test/server/open-server.ts";
import { ms } from "../../bytes/units.ts";
import { LiveBroadcast } from "../../live/broadcast.ts";
import type { AddressLookup, Log, RestreamAddress, RestreamTarget } from "../../live/ports.ts";
import { Registry } from "../../live/registry.ts";
import { NOBODY } from "../../live/testing/nobody.ts";
import type { RelayLimits } from "../limits.ts";
import { makeRestreams, type RestreamsOptions } from "../restreams.ts";

export const KEY = "secret-key";
export const STREAM = 7;
const LOCAL: AddressLookup = async () => ["127.0.0.1"];

export interface StageOptions {
  readonly targets: readonly RestreamTarget[];
  readonly limits?: Partial<RelayLimits>;
  readonly lookup?: AddressLookup;
  readonly more?: Partial<RestreamsOptions>;
}

export const addressAt = (host: string, port: number, isTls = false): RestreamAddress => ({
  isTls,
  host,
  port,
  app: "live",
  tcUrl: `rtmp${isTls ? "s" : ""}://${host}:${port}/live`,
});

export const targetAt = (port: number, id = 1, key: string | null = KEY): RestreamTarget => ({
  id,
  address: addressAt("push.example", port),
  key,
});

export function makeStage({ targets, limits = {}, lookup = LOCAL, more = {} }: StageOptions) {
  const lines: string[] = [];
  const write = (fields: object, text: string) => void lines.push(`${JSON.stringify(fields)} ${text}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const metrics = new PromRegistry();
  const current = { targets };
  const restreams = makeRestreams({
    targets: { of: async () => current.targets },
    lookup,
    metrics,
    log,
    limits,
    random: () => 1,
    ...more,
  });
  const registry = new Registry();
  registry.listen(restreams);
  const broadcast = new LiveBroadcast({
    slug: "show",
    streamId: STREAM,
    visibility: "public",
    latency: "standard",
    startedAt: ms(Date.now()),
    publisher: NOBODY,
  });
  registry.start(broadcast);
  const statusOf = (id = 1) => restreams.statusOf(STREAM).find((status) => status.id === id);
  return {
    broadcast,
    registry,
    restreams,
    metrics,
    /** What was logged. */
    lines,
    /** What the platform answers from now on. */
    current,
    statusOf,
    reaches: (state: string, id = 1) => until(`target ${id} is ${state}`, () => statusOf(id)?.state === state),
    end: () => registry.end(broadcast, ms(Date.now())),
    goAwayAndBack() {
      registry.suspend(broadcast, ms(Date.now()), ms(30_000));
      registry.resume(broadcast, NOBODY, ms(Date.now()));
    },
    [Symbol.dispose]() {
      registry.end(broadcast, ms(Date.now()));
      restreams.stop();
    },
  };
}
