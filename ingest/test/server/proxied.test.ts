/** A listener behind a gateway: whose connection it is, is what the gateway says, and nobody else's word counts. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { DEFAULT_SERVER_LIMITS } from "../../src/server/limits.ts";
import { openServer, SHORT_LIMITS, type TestServer, type TestServerOptions, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer, type RawPeer } from "./raw-peer.ts";

setDefaultTimeout(30_000);

const from = (address: string) => new TextEncoder().encode(`PROXY TCP4 ${address} 192.0.2.1 40000 1935\r\n`);
let server: TestServer | null = null;
const peers: RawPeer[] = [];

function open(options: TestServerOptions = {}): TestServer {
  server = openServer({ limits: DEFAULT_SERVER_LIMITS, isProxy: (address) => address === "127.0.0.1", ...options });
  return server;
}
async function dial({ port }: TestServer): Promise<RawPeer> {
  const raw = await openRawPeer(port);
  peers.push(raw);
  return raw;
}
afterEach(async () => {
  for (const each of peers.splice(0)) each[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test("the gate and the log hear of the address that the gateway names", async () => {
  const { asked, registry, logged } = open();
  const raw = await dial(server!);
  // The header ends in the middle of a read, and the handshake begins in the same one.
  raw.send(from("203.0.113.9").subarray(0, 20));
  raw.send(from("203.0.113.9").subarray(20), peer.startPublish("good"));
  await until("it is live", () => registry.find("good-live") !== undefined);
  expect(asked.map(({ address }) => address)).toEqual(["203.0.113.9"]);
  expect(logged.find(({ code }) => code === "publish.started")?.text).toContain("203.0.113.9");
});

test("limits count the addresses behind the gateway, and the gateway itself not at all", async () => {
  const { registry, closed } = open({ limits: { maxConnectionsPerAddress: 1 } });
  const names = ["one", "two", "three"];
  for (const [index, name] of names.entries())
    (await dial(server!)).send(from(`203.0.113.${index}`), peer.startPublish(name));
  for (const name of names) await until("it is live", () => registry.find(`${name}-live`) !== undefined);
  const second = await dial(server!);
  second.send(from("203.0.113.1"), peer.startPublish("four"));
  await until("it is closed", () => second.isClosed());
  expect(closed("limit.connections-per-address")).toBe(1);
  expect(registry.size).toBe(3);
});

test("a trusted peer that sends no header is not taken for a client", async () => {
  const { closed, asked } = open();
  const raw = await dial(server!);
  raw.send(peer.startPublish("good"));
  await until("it is closed", () => raw.isClosed());
  expect([closed("proxy.malformed"), asked.length]).toEqual([1, 0]);
});

test("from anybody else a header is a bad handshake", async () => {
  const { closed, asked } = open({ isProxy: (address) => address === "192.0.2.7" });
  const raw = await dial(server!);
  raw.send(from("203.0.113.9"), peer.startPublish("good"));
  await until("it is closed", () => raw.isClosed());
  expect([closed("handshake.version"), asked.length]).toEqual([1, 0]);
});

test("a header that does not come, or not to its end, has the time of a handshake", async () => {
  const { closed, rtmp } = open({ limits: SHORT_LIMITS });
  await dial(server!);
  (await dial(server!)).send(from("203.0.113.9").subarray(0, 9));
  await until("both are closed", () => closed("limit.handshake-timeout") === 2);
  expect(rtmp.connections()).toBe(0);
});

test("who goes before its header is counted as gone, once", async () => {
  const { closed, rtmp } = open();
  const raw = await dial(server!);
  await until("it is there", () => rtmp.connections() === 1);
  raw.socket.end();
  await until("it is gone", () => rtmp.connections() === 0);
  expect(closed("peer.closed")).toBe(1);
});
