/** A node that is about to stop: nobody new, publishers are asked to go, and who is lost is not waited for. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { ms } from "../../src/bytes/units.ts";
import { CapsEx } from "../../src/rtmp/command/connect.ts";
import { openServer, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer } from "./raw-peer.ts";

setDefaultTimeout(30_000);

test("publishers go on, no connection is taken, and a lost one ends at once", async () => {
  await using server = openServer({ limits: { graceTime: ms(3_600_000) } });
  using old = await openRawPeer(server.port);
  old.send(peer.startPublish("old"));
  await until("it is live", () => server.registry.find("old-live") !== undefined);
  server.rtmp.drain();
  await expect(openRawPeer(server.port)).rejects.toThrow();
  old.send(peer.video(0, peer.AVC_CONFIG), peer.video(10, peer.avcFrame(true, 100)));
  await until("its media still arrive", () => (server.registry.find("old-live")?.stats.tags ?? 0) >= 2);
  // It did not announce that it understands the request.
  expect(Buffer.from(old.received()).toString("latin1")).not.toContain("ReconnectRequest");
  old.socket.terminate();
  await until("it is over", () => server.registry.size === 0);
  expect(server.ended).toEqual([1]);
});

test("a publisher that understands it is asked to reconnect", async () => {
  await using server = openServer();
  using modern = await openRawPeer(server.port);
  const announced = { app: "live", tcUrl: "rtmp://localhost/live", capsEx: CapsEx.reconnect };
  modern.send(peer.HANDSHAKE, peer.command("connect", 1, [announced]), peer.createStream(), peer.publish("new"));
  await until("it is live", () => server.registry.find("new-live") !== undefined);
  server.rtmp.drain();
  await until("it is asked", () =>
    Buffer.from(modern.received()).toString("latin1").includes("NetConnection.Connect.ReconnectRequest"),
  );
});
