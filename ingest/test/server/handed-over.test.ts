/** Connections that another process of the machine is to have: two listeners that know each other, on real sockets. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ms } from "../../src/bytes/units.ts";
import type { Refused } from "../../src/live/ports.ts";
import type { ClientHandshakeKind } from "../../src/rtmp/handshake/client.ts";
import { admitted, openServer, type TestServer, type TestServerOptions, until, type Verdict } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer, type RawPeer } from "./raw-peer.ts";
import { openClient, openStarted } from "./rtmp-client.ts";

setDefaultTimeout(60_000);

const SLUG = "main-live";
const ELSEWHERE: Refused = {
  kind: "refused",
  code: "publish.already-publishing",
  reason: "This channel is already live.",
  slug: SLUG,
};

let folder: string;
/** Has the broadcasts. */
let owner: TestServer;
/** Where the peers come to. */
let other: TestServer;

const pathOf = (name: string) => join(folder, `${name}.sock`);

function openBoth(verdict: Verdict = () => ELSEWHERE, options: TestServerOptions = {}): void {
  owner = openServer({ ...options, siblings: { path: pathOf("owner"), find: () => pathOf("other") } });
  const find = (slug: string) => (slug.startsWith("main") ? pathOf("owner") : null);
  other = openServer({ ...options, verdict, siblings: { path: pathOf("other"), find } });
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-siblings-"));
});
afterEach(async () => {
  await other[Symbol.asyncDispose]();
  await owner[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const HANDSHAKES: Readonly<Record<string, ClientHandshakeKind>> = { simple: "simple", digest: { digest: 1 } };

for (const [name, handshake] of Object.entries(HANDSHAKES)) {
  test(`a publisher (${name} handshake) whose broadcast another process has goes on there, and plays from either`, async () => {
    openBoth();
    using publisher = await openStarted(other.port, { mode: "publish", name: "main", handshake });
    await until("the owner has it", () => owner.registry.find(SLUG) !== undefined);
    publisher.send("video", 0, peer.AVC_CONFIG);
    for (let i = 0; i < 40; i++) publisher.send("video", i * 40, peer.avcFrame(i % 10 === 0, 60_000, i));
    await until("all of it is there", () => owner.registry.find(SLUG)?.stats.tags === 41);
    expect([other.registry.size, other.handedOver(), owner.handedOver()]).toEqual([0, 1, 0]);
    expect(owner.asked).toMatchObject([{ key: "main", address: "127.0.0.1" }]);

    using near = await openStarted(owner.port, { mode: "play", name: SLUG });
    using far = await openStarted(other.port, { mode: "play", name: SLUG, handshake });
    for (const player of [near, far])
      await until("it has caught up", () => player.media().at(-1)?.timestamp === 39 * 40);
    expect(far.media()).toEqual(near.media());
    expect(other.handedOver()).toBe(2);

    publisher.unpublish();
    await until("it is over for the player too", () => owner.registry.size === 0 && far.isClosed());
    expect(far.events.filter(({ type }) => type === "status")).toEqual(
      near.events.filter(({ type }) => type === "status"),
    );
    await until("nothing is left", () => other.rtmp.connections() === 0);
    expect(other.closed("handed-over") + other.closed("peer.closed")).toBe(2);
  });
}

test("what the encoder sends behind its request before it is answered is lost by no split of the bytes", async () => {
  openBoth();
  const bytes = Buffer.concat([
    peer.startPublish("main"),
    peer.video(0, peer.AVC_CONFIG),
    peer.video(0, peer.avcFrame(true, 500)),
    peer.video(40, peer.avcFrame(false, 500)),
  ]);
  const whole = await openRawPeer(other.port);
  whole.send(bytes);
  const isAnswered = (raw: RawPeer) => Buffer.from(raw.received()).includes("Publishing started.");
  await until("it is live", () => owner.registry.find(SLUG)?.stats.tags === 3 && isAnswered(whole));
  const answers = whole.received();
  whole[Symbol.dispose]();
  for (const cut of [1, 1_537, 3_073, 3_100, 3_250, bytes.length - 1_200, bytes.length - 1]) {
    await until("the one before is gone", () => owner.rtmp.connections() === 0 && other.rtmp.connections() === 0);
    await until("and its broadcast", () => owner.registry.size === 0);
    using raw = await openRawPeer(other.port);
    raw.socket.setNoDelay(true);
    raw.send(bytes.subarray(0, cut));
    await until("the first piece was read", () => other.rtmp.connections() === 1);
    // Another read, then.
    await Bun.sleep(1);
    raw.send(bytes.subarray(cut));
    await until(`all is there, cut at ${cut}`, () => owner.registry.find(SLUG)?.stats.tags === 3);
    // The handshake's random bytes aside, each is answered the same, once.
    await until("it is answered", () => isAnswered(raw));
    expect(raw.received().subarray(3_073)).toEqual(answers.subarray(3_073));
  }
});

test("an encoder that lost its connection comes back by another process, and its broadcast goes on", async () => {
  openBoth(undefined, { limits: { graceTime: ms(60_000) } });
  const first = await openStarted(owner.port, { mode: "publish", name: "main" });
  const broadcast = owner.registry.find(SLUG);
  first[Symbol.dispose]();
  await until("it waits", () => broadcast?.publisher === null);
  using second = await openStarted(other.port, { mode: "publish", name: "main" });
  second.send("video", 0, peer.AVC_CONFIG);
  await until("it goes on", () => broadcast?.stats.tags === 1);
  expect(owner.registry.find(SLUG)).toBe(broadcast!);
  expect(owner.logged.map(({ code }) => code)).toContain("publish.resumed");
});

test("what the other process answers is what the encoder hears", async () => {
  openBoth();
  await owner.rtmp.stop(1_000);
  owner = openServer({
    siblings: { path: pathOf("owner"), find: () => null },
    verdict: () => ({ kind: "refused", code: "publish.stopped", reason: "It was stopped on its page." }),
  });
  using client = await openClient(other.port, { mode: "publish", name: "main" });
  await until("it is refused", () => client.isClosed());
  expect(client.events).toContainEqual(expect.objectContaining({ description: "It was stopped on its page." }));
});

test("nothing is handed over twice: two processes that think the other one has it refuse", async () => {
  openBoth();
  using client = await openClient(owner.port, { mode: "play", name: "main-nobody" });
  await until("it is refused", () => client.isClosed());
  expect([owner.handedOver(), other.handedOver()]).toEqual([1, 0]);
  expect(other.closed("refused.not-found")).toBe(1);
});

test("a process that is gone: the peer is closed and may try again", async () => {
  openBoth();
  await owner.rtmp.stop(1_000);
  using client = await openClient(other.port, { mode: "publish", name: "main" });
  await until("it is closed", () => client.isClosed());
  expect(other.closed("handed-over")).toBe(1);
});

test("in open mode the other process' broadcast goes before a new one of the same name", async () => {
  openBoth(() => admitted(SLUG, null));
  using publisher = await openStarted(owner.port, { mode: "publish", name: "main" });
  publisher.send("video", 0, peer.AVC_CONFIG);
  await until("it is live", () => owner.registry.find(SLUG) !== undefined);
  using _ = await openClient(other.port, { mode: "publish", name: "main" });
  await until("it has come there", () => owner.asked.length === 2);
  expect([other.registry.size, other.handedOver()]).toEqual([0, 1]);
});

test("a peer that asks a second time on one connection is not handed over: what it said before is not kept", async () => {
  let calls = 0;
  openBoth(() => (calls++ === 0 ? admitted("side-live", 7) : ELSEWHERE));
  using raw = await openRawPeer(other.port);
  raw.send(peer.startPublish("side"));
  await until("it is live", () => other.registry.find("side-live") !== undefined);
  raw.send(peer.command("closeStream", 4, [null], 1), peer.publish("main"));
  await until("it is refused", () => raw.isClosed());
  expect([other.handedOver(), other.closed("refused.already-publishing")]).toEqual([0, 1]);
});

test("a player that reads nothing is let go by the process that it came to", async () => {
  openBoth(undefined, { limits: { stallTimeout: ms(700) } });
  using publisher = await openStarted(owner.port, { mode: "publish", name: "main" });
  using player = await openStarted(other.port, { mode: "play", name: SLUG });
  player.pause();
  let at = 0;
  await until("it is let go", () => {
    at += 10;
    publisher.send("video", at, peer.avcFrame(true, 60_000));
    return other.closed("limit.stall-timeout") + other.closed("limit.player-queue") === 1;
  });
  await until("the other process lets it go too", () => owner.rtmp.connections() === 1);
});
