/** Targets that others wrote: nginx-rtmp, and TLS with certificates that are good and that are not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nginx } from "../../bench/servers/nginx.ts";
import { until } from "../../test/server/open-server.ts";
import { AVC_CONFIG, avcFrame } from "../../test/server/peer-bytes.ts";
import { openStarted } from "../../test/server/rtmp-client.ts";
import { addressAt, makeStage, targetAt } from "./testing/stage.ts";
import { startTarget } from "./testing/target-server.ts";

let folder: string;
let tls: { cert: string; key: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-restream-"));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  const made = Bun.spawnSync(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=push.example -addext subjectAltName=DNS:push.example -keyout ${key} -out ${cert}`.split(
      " ",
    ),
    { stderr: "pipe" },
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  tls = { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("RTMPS: to the service whose certificate is good for its name", async () => {
  using service = startTarget({ tls });
  using stage = makeStage({
    targets: [{ id: 1, address: addressAt("push.example", service.port, true), key: "key" }],
    more: { ca: tls.cert },
  });
  stage.broadcast.push("video", 0, AVC_CONFIG);
  stage.broadcast.push("video", 40, avcFrame(true, 100_000));
  await stage.reaches("live");
  await until("the keyframe has arrived", () => service.media.some(({ payload }) => payload.length === 100_005));
});

test.each([
  ["is another name's", "elsewhere.example", true],
  ["nobody vouches for", "push.example", false],
])("RTMPS: a service with a certificate that %s never hears the key", async (_, host, isKnown) => {
  using service = startTarget({ tls });
  using stage = makeStage({
    targets: [{ id: 1, address: addressAt(host, service.port, true), key: "key" }],
    more: isKnown ? { ca: tls.cert } : {},
  });
  await stage.reaches("retrying");
  expect(stage.statusOf()?.fault?.code).toBe("certificate");
  expect(service.keys).toEqual([]);
});

test("nginx-rtmp gets it and plays it, and is not sent HEVC", async () => {
  const server = await nginx.start();
  try {
    const { port } = server.target;
    using stage = makeStage({ targets: [targetAt(port, 1, "show")] });
    stage.broadcast.push("video", 0, AVC_CONFIG);
    stage.broadcast.push("video", 40, avcFrame(true, 5_000));
    await stage.reaches("live");
    using player = await openStarted(port, { mode: "play", name: "show" });
    stage.broadcast.push("video", 80, avcFrame(true, 7_000, 0x41));
    await until("it is played", () => player.media().some(({ payload }) => payload.length === 7_005));
    const sent = player.media().find(({ payload }) => payload.length === 7_005);
    expect(Buffer.compare(sent!.payload, avcFrame(true, 7_000, 0x41))).toBe(0);
    // hvc1 in E-RTMP framing, of which this service has never heard.
    stage.broadcast.push("video", 120, Uint8Array.of(0x91, ...new TextEncoder().encode("hvc1"), 0, 0, 0, 1, 2, 3));
    await stage.reaches("refused");
    expect(stage.statusOf()?.fault).toEqual({ code: "codec", reason: "This service takes no HEVC." });
    // Another encoder comes, with what the service takes.
    stage.goAwayAndBack();
    stage.broadcast.push("video", 0, AVC_CONFIG);
    stage.broadcast.push("video", 40, avcFrame(true, 5_000));
    await stage.reaches("live");
  } finally {
    await server.stop();
  }
}, 30_000);
