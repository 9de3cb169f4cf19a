/** Players on real sockets, and the limits on connections. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { bytes } from "../../src/bytes/units.ts";
import { readVideoHeader } from "../../src/flv/video.ts";
import { wire } from "../vectors/wire.ts";
import { admitted, openServer, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer } from "./raw-peer.ts";
import { openClient, openStarted, type RtmpClient } from "./rtmp-client.ts";

setDefaultTimeout(60_000);

const METADATA = wire(`02 00 0a "onMetaData" 08 00 00 00 00 00 00 09`);
const AAC_CONFIG = wire("af 00 11 90");

const firstFrame = (player: RtmpClient) =>
  player.media().find((event) => event.kind === "video" && readVideoHeader(event.payload)?.packet === "frame");

test("a player begins with metadata, configurations and the GOP in progress; '?token' is no part of the name", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("audio", 0, AAC_CONFIG);
  publisher.send("video", 0, peer.AVC_CONFIG);
  publisher.send("script", 0, METADATA); // after the configurations, as some encoders do
  for (let i = 0; i < 25; i++) publisher.send("video", i * 40, peer.avcFrame(i % 10 === 0, 6_000, i));
  await until("all are in", () => server.registry.find("k-live")?.stats.tags === 28);
  using player = await openStarted(server.port, { mode: "play", name: "k-live?token=abc" });
  await until("it has caught up", () => player.media().at(-1)?.timestamp === 960);
  expect(player.media().map((event) => [event.kind, event.timestamp, event.payload.length].join())).toEqual(
    [
      ["script", 0, METADATA.length],
      ["audio", 0, 4],
      ["video", 0, peer.AVC_CONFIG.length],
      ...[20, 21, 22, 23, 24].map((i) => ["video", i * 40, 6_005]),
    ].map((row) => row.join()),
  );
  expect(player.media()[3]!.payload).toEqual(peer.avcFrame(true, 6_000, 20));
});

test("without a cached GOP video waits for a keyframe and audio does not", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("video", 0, peer.AVC_CONFIG);
  publisher.send("video", 10, peer.avcFrame(false, 100));
  await until("in", () => server.registry.find("k-live")?.stats.tags === 2);
  using player = await openStarted(server.port, { mode: "play", name: "k-live" });
  publisher.send("video", 20, peer.avcFrame(false, 100));
  publisher.send("audio", 25, wire("af 01 21"));
  publisher.send("video", 30, peer.avcFrame(true, 100));
  publisher.send("video", 40, peer.avcFrame(false, 100));
  await until("played", () => player.media().at(-1)?.timestamp === 40);
  expect(player.media().map((event) => event.timestamp)).toEqual([0, 25, 30, 40]);
});

test("timestamps reach a player as they were sent, over 2^32 and just below zero", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  using player = await (async () => {
    publisher.send("video", 5, peer.avcFrame(true, 10));
    await until("live", () => server.registry.find("k-live")?.stats.tags === 1);
    return openStarted(server.port, { mode: "play", name: "k-live" });
  })();
  const sent = [0xfffffff0, 3, 0xfffffe, 0xffffff, 0x1000000];
  for (const timestamp of sent) publisher.send("video", timestamp, peer.avcFrame(true, 10));
  await until("played", () => player.media().length === 1 + sent.length);
  expect(player.media().map((event) => event.timestamp)).toEqual([5, ...sent]);
});

test("timecodes in mid-stream do not replace the metadata that a new player gets", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("script", 0, METADATA);
  publisher.send("script", 40, wire(`02 00 04 "onFI" 03 00 00 09`));
  await until("in", () => server.registry.find("k-live")?.stats.tags === 2);
  using player = await openStarted(server.port, { mode: "play", name: "k-live" });
  await until("metadata came", () => player.media().length === 1);
  expect(player.media()[0]!.payload).toEqual(METADATA);
});

test("nobody live, a private channel, an empty name: not found, and closed", async () => {
  await using server = openServer({ verdict: () => ({ ...admitted("secret", 1), visibility: "private" }) });
  using _publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  for (const name of ["nobody", "secret", ""]) {
    using player = await openClient(server.port, { mode: "play", name });
    await until("closed", () => player.isClosed());
    expect(player.events.at(-1)).toMatchObject({ type: "failed", code: "NetStream.Play.StreamNotFound" });
  }
  expect(server.allClosed()).toEqual({ "refused.not-found": 2, "refused.empty-name": 1 });
});

test("a private channel: played with a token for it, by as many as it says; no token stands in the log", async () => {
  const verify = (token: string, target: { kind: string; slug?: string }) =>
    target.slug !== "secret" || !/^(good|old)/.test(token)
      ? "invalid"
      : token === "old-token"
        ? "expired"
        : { subject: "ada", session: token, maxSessions: 2 };
  await using server = openServer({
    verdict: () => ({ ...admitted("secret", 1), visibility: "private" }),
    playback: { verify },
  });
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("video", 0, peer.avcFrame(true, 100));
  await until("live", () => server.registry.find("secret")?.stats.tags === 1);
  const refusal = async (name: string) => {
    using player = await openClient(server.port, { mode: "play", name });
    await until("closed", () => player.isClosed());
    return (player.events.at(-1) as { description?: string }).description;
  };
  expect(await refusal("secret")).toBe("Nobody is live under this name.");
  expect(await refusal("secret?token=")).toBe("Nobody is live under this name.");
  expect(await refusal("secret?token=bad-token")).toBe("This playback token is not valid here.");
  expect(await refusal("nobody?token=bad-token")).toBe("This playback token is not valid here.");
  expect(await refusal("secret?token=old-token")).toBe("This playback token is over; get a new one.");
  {
    using one = await openStarted(server.port, { mode: "play", name: "secret?token=good-token" });
    using two = await openStarted(server.port, { mode: "play", name: "secret?x=1&token=good-token" });
    await until("both play", () => one.media().length > 0 && two.media().length > 0);
    expect(await refusal("secret?token=good-other")).toBe(
      "As many players as this playback token allows are watching.",
    );
  }
  await until("they have left", () => server.closed("peer.closed") === 2);
  using again = await openStarted(server.port, { mode: "play", name: "secret?token=good-other" });
  await until("plays", () => again.media().length > 0);
  expect(server.logged.filter(({ text }) => /token/.test(text))).toEqual([]);
});

test("a slow player is cut off at its queue's limit; another one sees every frame", async () => {
  await using server = openServer({ limits: { maxPlayerQueue: bytes(512 * 1024) } });
  using publisher = await openStarted(server.port, { mode: "publish", name: "k", chunkSize: 65_536 });
  publisher.send("video", 0, peer.avcFrame(true, 100));
  await until("live", () => server.registry.find("k-live")?.stats.tags === 1);
  using slow = await openStarted(server.port, { mode: "play", name: "k-live" });
  using quick = await openStarted(server.port, { mode: "play", name: "k-live" });
  slow.pause();
  let sent = 0;
  while (server.closed("limit.player-queue") === 0 && sent < 4_000) {
    sent++;
    publisher.send("video", sent, peer.avcFrame(false, 50_000));
    if (sent % 4 === 0) await until("the quick one keeps up", () => quick.media().at(-1)?.timestamp === sent);
  }
  expect(server.closed("limit.player-queue")).toBe(1);
  publisher.send("video", ++sent, peer.avcFrame(false, 10));
  await until("the last frame", () => quick.media().at(-1)?.timestamp === sent);
  expect(quick.media().map((event) => event.timestamp)).toEqual(Array.from({ length: sent + 1 }, (_, i) => i));
  expect(server.registry.find("k-live")!.stats.sinks).toBe(1);
});

test("a player whose socket takes nothing is gone after the stall timeout", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k", chunkSize: 65_536 });
  publisher.send("video", 0, peer.avcFrame(true, 100));
  await until("live", () => server.registry.find("k-live")?.stats.tags === 1);
  using stalled = await openStarted(server.port, { mode: "play", name: "k-live" });
  stalled.pause();
  // More than the kernel's buffers take, less than the queue may hold.
  for (let i = 1; i <= 100; i++) publisher.send("video", i, peer.avcFrame(false, 100_000));
  const keepAlive = setInterval(() => publisher.send("audio", 200, wire("af 01 21")), 100);
  await until("cut off", () => server.closed("limit.stall-timeout") === 1).finally(() => clearInterval(keepAlive));
});

test("pause and resume: the picture begins again at a keyframe", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("video", 0, peer.avcFrame(true, 10));
  await until("live", () => server.registry.find("k-live")?.stats.tags === 1);
  using player = await openRawPeer(server.port);
  player.send(peer.startPlay("k-live"), peer.command("pause", 0, [null, true, 0], 1));
  await until("paused", () => Buffer.from(player.received()).includes("NetStream.Pause.Notify"));
  const before = player.received().length;
  publisher.send("video", 40, peer.avcFrame(false, 5_000));
  await until("in", () => server.registry.find("k-live")?.stats.tags === 2);
  player.send(peer.command("pause", 0, [null, false, 0], 1));
  await until("resumed", () => player.received().length > before + 5_000);
  expect(Buffer.from(player.received()).includes("NetStream.Unpause.Notify")).toBe(true);
});

test("a player gets the last frames and hears of the end", async () => {
  await using server = openServer();
  using publisher = await openStarted(server.port, { mode: "publish", name: "k" });
  publisher.send("video", 0, peer.avcFrame(true, 10));
  await until("live", () => server.registry.find("k-live")?.stats.tags === 1);
  using player = await openStarted(server.port, { mode: "play", name: "k-live" });
  publisher.send("video", 1, peer.avcFrame(false, 200_000));
  publisher.unpublish();
  await until("closed", () => player.isClosed());
  expect(player.media().map((event) => event.timestamp)).toEqual([0, 1]);
  expect(player.events.filter((event) => event.type === "status").map((event) => event.code)).toEqual([
    "NetStream.Play.Reset",
    "NetStream.Play.UnpublishNotify",
    "NetStream.Play.Stop",
  ]);
  expect(firstFrame(player)?.timestamp).toBe(0);
});

test("both digest schemas: the server proves itself to a client that checks digest and signature", async () => {
  await using server = openServer();
  for (const digest of [0, 1] as const) {
    using client = await openStarted(server.port, { mode: "publish", name: `k${digest}`, handshake: { digest } });
    expect(client.session.serverVerified).toBe(true);
    expect(client.session.state).toBe("started");
  }
});

test("connections in all, and per address", async () => {
  await using few = openServer({ limits: { maxConnections: 3, maxConnectionsPerAddress: 10 } });
  await using perAddress = openServer({ limits: { maxConnections: 10, maxConnectionsPerAddress: 2 } });
  for (const [server, allowed, reason] of [
    [few, 3, "limit.connections"],
    [perAddress, 2, "limit.connections-per-address"],
  ] as const) {
    const peers = [];
    for (let i = 0; i < allowed; i++) peers.push(await openRawPeer(server.port));
    await until("they are in", () => server.rtmp.connections() === allowed);
    using over = await openRawPeer(server.port);
    await until("one more is closed", () => over.isClosed());
    expect(server.closed(reason)).toBe(1);
    expect(server.rtmp.connections()).toBe(allowed);
    // A place that is left can be taken again.
    peers.pop()![Symbol.dispose]();
    await until("one leaves", () => server.rtmp.connections() === allowed - 1);
    using again = await openStarted(server.port, { mode: "publish", name: "k" });
    expect(again.session.state).toBe("started");
    for (const one of peers) one[Symbol.dispose]();
  }
});
