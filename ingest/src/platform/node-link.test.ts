import { afterEach, beforeEach, expect, test } from "bun:test";
import { type Bus, findNode, findPlace, forgetPlace, NODE_TTL, sayPlace } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { Registry as PromRegistry } from "prom-client";
import { ms } from "../bytes/units.ts";
import { LiveBroadcast } from "../live/broadcast.ts";
import { Registry } from "../live/registry.ts";
import { NOBODY } from "../live/testing/nobody.ts";
import { makeNodeLink, type NodeLink } from "./node-link.ts";

const HERE = "http://10.0.0.1:8080";
let bus: Bus;
const links: NodeLink[] = [];
beforeEach(() => {
  bus = makeInProcessBus();
});
afterEach(async () => {
  for (const link of links.splice(0)) await link.stop();
  await bus.close();
});
function join(nodeId: string, capacity: number | null = null): NodeLink {
  const link = makeNodeLink({ bus, nodeId, capacity, metrics: new PromRegistry(), beatMs: 20 });
  links.push(link);
  return link;
}
async function until(what: string, condition: () => Promise<boolean>, seconds = 15): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await Bun.sleep(10);
  }
}
const broadcast = (slug: string) =>
  new LiveBroadcast({
    slug,
    streamId: 1,
    visibility: "public",
    latency: "standard",
    quality: "source",
    isRecorded: false,
    dvrSeconds: 0,
    startedAt: ms(0),
    publisher: NOBODY,
  });

test("a node says what it is, and where its channels are, until they end", async () => {
  const link = join("a", 7);
  const registry = new Registry();
  registry.listen(link.listener);
  const one = broadcast("one");
  registry.start(one);
  expect(await findPlace(bus, "one")).toBeNull();
  link.start(HERE);
  await until("it is said", async () => (await findPlace(bus, "one")) === HERE);
  await until("it is counted", async () => (await findNode(bus, "a"))?.publishers === 1);
  expect(await findNode(bus, "a")).toEqual({ state: "open", url: HERE, publishers: 1, capacity: 7 });
  registry.end(one, ms(1));
  await until("its place is forgotten", async () => (await findPlace(bus, "one")) === null);
});

test("what another node has meanwhile stays known", async () => {
  await sayPlace(bus, "one", HERE);
  await sayPlace(bus, "one", "http://10.0.0.2:8080");
  await forgetPlace(bus, "one", HERE);
  expect(await findPlace(bus, "one")).toBe("http://10.0.0.2:8080");
});

test("another node is gone only when all had the time to say that they are there", async () => {
  const link = join("a");
  link.start(HERE);
  expect(await link.stateOf("b")).toBe("there");
  const other = join("b");
  other.start("http://10.0.0.2:8080");
  await until("both are known", async () => (await findNode(bus, "b")) !== null);
  other.drain();
  await until("it is about to stop", async () => (await link.stateOf("b")) === "draining");
  await other.stop();
  const began = performance.now();
  await until("it is gone", async () => (await link.stateOf("b")) === "gone");
  expect(performance.now() - began).toBeLessThan(NODE_TTL + 2_000);
  expect(await link.stateOf("a")).toBe("there");
}, 30_000);

test("the metrics say whether the bus is there, and how much the node takes", async () => {
  const metrics = new PromRegistry();
  const link = makeNodeLink({ bus, nodeId: "a", capacity: 7, metrics });
  links.push(link);
  let isUp = true;
  const state = bus.state;
  bus = { ...bus, state: () => ({ ...state(), up: isUp }) };
  const seen = new PromRegistry();
  links.push(makeNodeLink({ bus, nodeId: "b", capacity: null, metrics: seen }));
  expect(await metrics.metrics()).toContain('streamhub_bus_up{kind="in-process"} 1\n');
  expect(await metrics.metrics()).toContain("streamhub_ingest_capacity 7\n");
  expect(await seen.metrics()).toContain("streamhub_ingest_capacity +Inf\n");
  isUp = false;
  expect(await seen.metrics()).toContain('streamhub_bus_up{kind="in-process"} 0\n');
});
