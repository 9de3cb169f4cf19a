/** A publisher's life on a real socket: refusals, ends, and a gate that takes its time. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { bytes, ms } from "../../src/bytes/units.ts";
import { LiveBroadcast, type Publisher } from "../../src/live/broadcast.ts";
import type { Refused } from "../../src/live/ports.ts";
import { NOBODY } from "../../src/live/testing/nobody.ts";
import { DEFAULT_SERVER_LIMITS } from "../../src/server/limits.ts";
import { takesOver } from "../../src/server/takeover.ts";
import { concat } from "../vectors/wire.ts";
import { admitAll, admitted, openServer, type TestServer, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer } from "./raw-peer.ts";
import { openClient, openStarted } from "./rtmp-client.ts";

setDefaultTimeout(60_000);

const refused = (code: Refused["code"]): Refused => ({ kind: "refused", code, reason: "Because." });

describe("refusals: NetStream.Publish.BadName, then we close", () => {
  const ROWS = [
    ["unknown key", "a", "refused.unknown-key", refused("publish.unknown-key")],
    ["inactive user", "a", "refused.inactive-user", refused("publish.inactive-user")],
    ["already publishing", "a", "refused.already-publishing", refused("publish.already-publishing")],
    ["stopped by its owner", "a", "refused.stopped", refused("publish.stopped")],
    ["no room", "a", "refused.no-room", refused("publish.no-room")],
    ["about to stop", "a", "refused.draining", refused("publish.draining")],
    ["database away", "a", "refused.unavailable", refused("publish.unavailable")],
    ["empty key", "", "refused.empty-name", null],
    ["key of 256 characters", "k".repeat(256), "refused.name-too-long", null],
  ] as const;
  for (const [what, key, reason, answer] of ROWS) {
    test(what, async () => {
      await using server = openServer({ verdict: () => answer ?? admitted("x", 1) });
      // A peer that never closes: OBS hangs like this when the server leaves the connection open.
      using client = await openRawPeer(server.port, { halfOpen: true });
      client.send(peer.startPublish(key));
      await until("we close", () => client.isClosed());
      expect(Buffer.from(client.received()).toString("latin1")).toContain("NetStream.Publish.BadName");
      expect(server.allClosed()).toEqual({ [reason]: 1 });
      await until("the socket is released though the peer keeps its side open", () => server.rtmp.connections() === 0);
      expect(server.asked.length).toBe(answer === null ? 0 : 1);
      expect(server.ended).toEqual([]);
      expect(server.logged.map((entry) => entry.text).join("\n")).not.toContain("k".repeat(40));
    });
  }

  test("a key of 255 characters is asked about", async () => {
    await using server = openServer();
    using client = await openStarted(server.port, { mode: "publish", name: "k".repeat(255) });
    expect(client.session.state).toBe("started");
  });

  test("an application of another name", async () => {
    await using server = openServer();
    using client = await openClient(server.port, { mode: "publish", name: "k", app: "stream" });
    await until("we close", () => client.isClosed());
    expect(client.events).toMatchObject([{ type: "failed", code: "NetConnection.Connect.InvalidApp" }]);
    expect(server.allClosed()).toEqual({ "refused.app": 1 });
  });

  test.each(["live/", "/live", "live?token=1"])("an application written %s is ours", async (app) => {
    await using server = openServer();
    using client = await openStarted(server.port, { mode: "publish", name: "k", app });
    expect(client.session.state).toBe("started");
  });

  test("a second publisher of the same name, where no gate keeps them apart", async () => {
    await using server = openServer({ verdict: () => admitted("same", null) });
    using first = await openStarted(server.port, { mode: "publish", name: "k" });
    using second = await openStarted(server.port, { mode: "publish", name: "k" });
    expect(second.session.state).toBe("failed");
    expect(server.closed("refused.already-publishing")).toBe(1);
    expect(first.isClosed()).toBe(false);
    expect(server.registry.find("same")).toBeDefined();
  });

  test("a gate that admits a second one replaces the first", async () => {
    let streamId = 0;
    await using server = openServer({ verdict: () => admitted("same", ++streamId) });
    using first = await openStarted(server.port, { mode: "publish", name: "k" });
    using second = await openStarted(server.port, { mode: "publish", name: "k" });
    await until("the first is closed", () => first.isClosed());
    expect(second.session.state).toBe("started");
    expect(server.ended).toEqual([1]);
    expect(server.registry.find("same")?.streamId).toBe(2);
  });
});

describe("an encoder that comes back", () => {
  const sameStream = () => admitted("same", 7);
  /** Timestamps of media, and how often the publisher was away. */
  function watch(server: TestServer) {
    const seen: number[] = [];
    const away: number[] = [];
    server.registry.listen({
      onStart: (broadcast) =>
        void broadcast.subscribe({
          onTag: (tag) => !tag.isConfig && seen.push(tag.timestamp),
          onAway: () => away.push(seen.length),
          onEnd() {},
        }),
      onEnd() {},
    });
    return { seen, away };
  }
  const frame = (isKeyframe: boolean) => new Uint8Array([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0, 0, 0, 0, 1, 9]);
  const CONFIG = new Uint8Array([0x17, 0, 0, 0, 0, 1, 2, 3]);
  function send(client: Awaited<ReturnType<typeof openStarted>>, from: number, count: number) {
    client.send("video", from, CONFIG);
    for (let index = 0; index < count; index++) client.send("video", from + index * 40, frame(index === 0));
  }

  test("in its grace time goes on with its broadcast; time goes on as well", async () => {
    await using server = openServer({ verdict: sameStream, limits: { graceTime: ms(20_000) } });
    const { seen, away } = watch(server);
    const first = await openStarted(server.port, { mode: "publish", name: "k" });
    send(first, 5_000, 10);
    await until("in", () => seen.length === 10);
    const broadcast = server.registry.find("same")!;
    first[Symbol.dispose]();
    await until("away", () => away.length === 1);
    expect(broadcast.publisher).toBeNull();
    using second = await openStarted(server.port, { mode: "publish", name: "k" });
    send(second, 0, 10);
    await until("in", () => seen.length === 20);
    expect(server.registry.find("same")).toBe(broadcast);
    expect(server.ended).toEqual([]);
    for (const [index, timestamp] of seen.entries()) if (index > 0) expect(timestamp).toBeGreaterThan(seen[index - 1]!);
    expect(seen[10]! - seen[9]!).toBeLessThan(15_000);
    expect(seen.slice(10).map((timestamp) => timestamp - seen[10]!)).toEqual(seen.slice(0, 10).map((at) => at - 5_000));
  });

  test("too late finds it ended, once, as of when it was lost", async () => {
    await using server = openServer({ verdict: sameStream });
    const ends: number[] = [];
    server.registry.listen({ onStart() {}, onEnd: (_, endedAt) => void ends.push(endedAt) });
    const first = await openStarted(server.port, { mode: "publish", name: "k" });
    first[Symbol.dispose]();
    await until("away", () => server.registry.find("same")?.awaySince != null);
    const lostAt = server.registry.find("same")!.awaySince!;
    await until("over", () => server.ended.length === 1);
    expect(ends).toEqual([lostAt]);
    using _second = await openStarted(server.port, { mode: "publish", name: "k" });
    expect(server.registry.find("same")!.publisher).not.toBeNull();
  });

  test("takes over at once while its old connection still looks alive, which is then told and closed", async () => {
    await using server = openServer({ verdict: sameStream });
    using first = await openStarted(server.port, { mode: "publish", name: "k" });
    using second = await openStarted(server.port, { mode: "publish", name: "k" });
    await until("the first is closed", () => first.isClosed());
    expect(first.events.at(-1)).toMatchObject({ type: "failed", code: "NetStream.Publish.Rejected" });
    expect(second.session.state).toBe("started");
    expect(server.closed("publish.replaced")).toBe(1);
    expect(server.ended).toEqual([]);
    second.unpublish();
    await until("over", () => server.ended.length === 1);
    expect(server.ended).toEqual([7]);
  });

  test("where the channel refuses a second encoder, it waits until the first is silent", async () => {
    await using server = openServer({
      verdict: () => ({ ...admitted("same", 7), secondEncoder: "refuse" }),
      limits: { idleTimeout: ms(60_000) },
    });
    using _first = await openStarted(server.port, { mode: "publish", name: "k" });
    using second = await openStarted(server.port, { mode: "publish", name: "k" });
    expect(second.session.state).toBe("failed");
    expect(server.closed("refused.already-publishing")).toBe(1);
    const silentSince = server.registry.find("same")!.publisher!.lastSeen;
    await until("the first has been silent", () => Date.now() - silentSince > 2_000);
    using third = await openStarted(server.port, { mode: "publish", name: "k" });
    expect(third.session.state).toBe("started");
    expect(server.ended).toEqual([]);
  });

  test("what its owner cuts does not wait for anybody", async () => {
    await using server = openServer({ verdict: sameStream, limits: { graceTime: ms(60_000) } });
    const first = await openStarted(server.port, { mode: "publish", name: "k" });
    first[Symbol.dispose]();
    await until("away", () => server.registry.find("same")?.awaySince != null);
    await server.rtmp.stop(1_000);
    expect(server.ended).toEqual([7]);
  });
});

test("an encoder that was replaced does not take the broadcast back from its successor", () => {
  const at = (address: string): Publisher => ({ ...NOBODY, address, lastSeen: ms(1_000) });
  const broadcast = new LiveBroadcast({ ...admitted("same", 7), startedAt: ms(0), publisher: at("10.0.0.1") });
  const move = (address: string, now: number) => {
    const may = takesOver(broadcast, "takeover", address, ms(now));
    if (!may) return false;
    broadcast.suspend(ms(now));
    broadcast.resume({ ...at(address), lastSeen: ms(now) }, ms(now));
    return true;
  };
  expect(move("10.0.0.2", 1_100)).toBeTrue();
  expect(move("10.0.0.1", 1_200)).toBeFalse();
  // The same machine may: that is the same encoder, quicker than its old connection's end.
  expect(move("10.0.0.2", 1_300)).toBeTrue();
  // A successor that has fallen silent is no reason to stay away.
  expect(move("10.0.0.1", 4_000)).toBeTrue();
});

describe("ends", () => {
  test("in order: FCUnpublish, deleteStream; the connection may publish again", async () => {
    await using server = openServer();
    using client = await openStarted(server.port, { mode: "publish", name: "k" });
    client.unpublish();
    await until("the broadcast ends", () => server.ended.length === 1);
    expect(server.registry.size).toBe(0);
    expect(client.isClosed()).toBe(false);
  });

  test("the publisher's process is killed", async () => {
    await using server = openServer();
    const script = `
      import * as peer from "${import.meta.dir}/peer-bytes.ts";
      const socket = await Bun.connect({ hostname: "127.0.0.1", port: ${server.port}, socket: { data() {} } });
      socket.write(peer.startPublish("k"));
      setInterval(() => {}, 1000);`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "inherit" });
    await until("it is live", () => server.registry.size === 1);
    child.kill("SIGKILL");
    await until("its broadcast ends", () => server.ended.length === 1);
    expect(server.registry.size).toBe(0);
    expect(server.allClosed()).toEqual({ "peer.closed": 1 });
  });

  test("silence longer than the idle timeout; a server without the peer's FIN must not wait for TCP", async () => {
    await using server = openServer();
    using _client = await openStarted(server.port, { mode: "publish", name: "k" });
    await until("idle", () => server.closed("limit.idle-timeout") === 1);
    await until("over", () => server.ended.length === 1);
  });

  test("stop() ends broadcasts, tells players, and releases every socket", async () => {
    const server = openServer();
    using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
    using player = await openStarted(server.port, { mode: "play", name: "k-live" });
    using idle = await openRawPeer(server.port, { halfOpen: true });
    await until("all are there", () => server.rtmp.connections() === 3);
    await server.rtmp.stop(5_000);
    expect(server.rtmp.connections()).toBe(0);
    expect(server.ended).toEqual([1]);
    await until("the peers see it", () => publisher.isClosed() && player.isClosed() && idle.isClosed());
    expect(
      player.events.some((event) => event.type === "status" && event.code === "NetStream.Play.UnpublishNotify"),
    ).toBe(true);
    await expect(openRawPeer(server.port)).rejects.toThrow();
  });

  test("an end that the platform wants: NetStream.Publish.Rejected with its reason", async () => {
    await using server = openServer();
    using client = await openStarted(server.port, { mode: "publish", name: "k" });
    server.registry.find("k-live")!.refuse("remux.codec", "This server can not take VP6.");
    await until("closed", () => client.isClosed());
    expect(client.events.at(-1)).toEqual({
      type: "failed",
      code: "NetStream.Publish.Rejected",
      description: "This server can not take VP6.",
    });
    expect(server.ended).toEqual([1]);
  });

  test("a listener that refuses at once, and one that throws, leave nothing live", async () => {
    await using server = openServer();
    server.registry.listen({
      onStart(broadcast) {
        if (broadcast.slug === "no-live") broadcast.refuse("remux.none", "No.");
        if (broadcast.slug === "bug-live") throw new Error("a bug");
      },
      onEnd() {},
    });
    using no = await openClient(server.port, { mode: "publish", name: "no" });
    using bug = await openClient(server.port, { mode: "publish", name: "bug" });
    await until("both are closed", () => no.isClosed() && bug.isClosed());
    expect(server.registry.size).toBe(0);
    expect(server.ended).toHaveLength(2);
    expect(server.allClosed()).toEqual({ "refused.media": 1, "internal.error": 1 });
    using good = await openStarted(server.port, { mode: "publish", name: "good" });
    expect(good.session.state).toBe("started");
  });
});

describe("a gate that takes its time", () => {
  test("what came behind publish is held and comes in order", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = openServer({ verdict: (request) => promise.then(() => admitAll(request)) as never });
    const timestamps: number[] = [];
    server.registry.listen({
      onStart: (broadcast) => void broadcast.subscribe({ onTag: (tag) => timestamps.push(tag.timestamp), onEnd() {} }),
      onEnd() {},
    });
    using client = await openRawPeer(server.port);
    client.send(peer.startPublish("k"));
    await until("asked", () => server.asked.length === 1);
    for (let i = 0; i < 50; i++) {
      client.send(peer.video(i, peer.avcFrame(i === 0, 300)));
      if (i % 10 === 0) await Bun.sleep(2);
    }
    expect(server.registry.size).toBe(0);
    resolve();
    await until("all frames came", () => timestamps.length === 50);
    expect(timestamps).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test("the gate's time does not count as idleness of the peer", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = openServer({
      verdict: (request) => promise.then(() => admitAll(request)) as never,
      limits: { setupTimeout: ms(300) },
    });
    using client = await openClient(server.port, { mode: "publish", name: "k" });
    await until("asked", () => server.asked.length === 1);
    await Bun.sleep(1_200);
    resolve();
    await until("started", () => client.session.state === "started");
  });

  test("more than the held bytes before the answer: closed, and a late admission is ended", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = openServer({ verdict: (request) => promise.then(() => admitAll(request)) as never });
    using client = await openRawPeer(server.port);
    client.send(peer.startPublish("k"), peer.video(0, new Uint8Array(3 * 1024 * 1024), 65_536));
    await until("closed", () => server.closed("session.held-bytes-limit") === 1);
    resolve();
    await until("the admission is given back", () => server.ended.length === 1);
    expect(server.registry.size).toBe(0);
  });

  test("an answer after the peer has gone: the admission is ended", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = openServer({ verdict: (request) => promise.then(() => admitAll(request)) as never });
    const client = await openClient(server.port, { mode: "publish", name: "k" });
    await until("asked", () => server.asked.length === 1);
    client[Symbol.dispose]();
    await until("gone", () => server.rtmp.connections() === 0);
    resolve();
    await until("given back", () => server.ended.length === 1);
    expect(server.registry.size).toBe(0);
  });

  test("a gate that throws is publish.unavailable", async () => {
    await using server = openServer({ verdict: () => Promise.reject(new Error("no database")) });
    using client = await openClient(server.port, { mode: "publish", name: "k" });
    await until("closed", () => client.isClosed());
    expect(server.allClosed()).toEqual({ "refused.unavailable": 1 });
  });
});

test("a violation in mid-stream: what came before it in the same read is published", async () => {
  await using server = openServer();
  const seen: number[] = [];
  server.registry.listen({
    onStart: (broadcast) => void broadcast.subscribe({ onTag: (tag) => seen.push(tag.timestamp), onEnd() {} }),
    onEnd() {},
  });
  using client = await openRawPeer(server.port);
  client.send(peer.startPublish("k"));
  await until("live", () => server.registry.size === 1);
  client.send(
    concat(peer.video(1, peer.avcFrame(true, 10)), peer.video(2, peer.avcFrame(false, 10)), Uint8Array.of(0xff)),
  );
  await until("closed", () => client.isClosed());
  expect(seen).toEqual([1, 2]);
  expect(server.allClosed()).toEqual({ "chunk.no-previous-header": 1 });
  await until("over", () => server.ended.length === 1);
});

test("a peer that asks without end and reads no answer is cut off", async () => {
  await using server = openServer({ limits: { ...DEFAULT_SERVER_LIMITS, maxPlayerQueue: bytes(256 * 1024) } });
  using client = await openRawPeer(server.port, { deaf: true });
  client.send(concat(peer.HANDSHAKE, peer.connect()));
  const call = peer.command("noSuchMethod", 7, [null]);
  const calls = concat(...Array.from({ length: 2_000 }, () => call));
  const clock = setInterval(() => client.send(calls), 5);
  await until("cut off", () => server.closed("limit.player-queue") === 1, 30_000).finally(() => clearInterval(clock));
});
