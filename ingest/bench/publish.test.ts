/** `bench publish` as its users run it, against servers that misbehave on purpose, and against real ones. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitAll, openServer } from "../test/server/open-server.ts";
import { startSink } from "./load/sink.ts";
import { nginx } from "./servers/nginx.ts";
import { freePort } from "./servers/server.ts";
import {
  type BadServer,
  closingServer,
  garbageServer,
  runBench,
  SMALL,
  silentServer,
  startBench,
} from "./testing/bad-servers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const urlOf = (port: number, key = "SECRETKEY"): string => `rtmp://127.0.0.1:${port}/live/${key}`;
const publish = (port: number, ...more: readonly string[]) =>
  runBench("publish", "--url", urlOf(port), "--duration", "1s", "--ramp", "0s", "--timeout", "1s", ...SMALL, ...more);

async function ffmpeg(...args: readonly string[]): Promise<void> {
  const child = Bun.spawn(["ffmpeg", "-v", "error", "-y", ...args], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  expect(await child.exited).toBe(0);
}

describe("servers that misbehave", () => {
  const cases: readonly (readonly [string, () => BadServer, string])[] = [
    ["accepts and never answers", silentServer, "accepted the connection, but the handshake did not come within 1 s"],
    ["answers garbage", garbageServer, "answered with what is not RTMP (handshake.version)"],
    ["closes at the first byte", closingServer, "closed the connection before the handshake"],
    ["closes in mid-stream", () => startSink({ port: 0, closeAfter: 8_000 }), "closed the connection in mid-stream"],
  ];
  for (const [what, start, sentence] of cases) {
    test(what, async () => {
      using server = start();
      const { code, errors, out } = await publish(server.port);
      expect(errors).toContain(sentence);
      expect(code).toBe(1);
      expect(out).toContain(`1 x ${sentence}`);
    });
  }

  test("nobody listens", async () => {
    using server = silentServer();
    const { port } = server;
    server[Symbol.dispose]();
    const { code, errors } = await publish(port);
    expect([code, errors]).toEqual([1, expect.stringContaining(`nothing listens on 127.0.0.1:${port}.`)]);
  });

  test("a wrong key, which nobody is told", async () => {
    const verdict = () =>
      ({ kind: "refused", code: "publish.unknown-key", reason: "There is no key SECRETKEY." }) as const;
    await using server = openServer({ verdict });
    const { code, errors, out } = await publish(server.port, "--json", join(folder, "refused.json"));
    expect(code).toBe(1);
    expect(errors).toContain("1 of 1 publishers did not start");
    expect(errors).toContain("refused: ");
    const file = await Bun.file(join(folder, "refused.json")).text();
    for (const text of [errors, out, file]) expect(text).not.toContain("SECRETKEY");
  });

  test("some of many fail: the others are measured, and the code says so", async () => {
    let count = 0;
    const verdict = (request: Parameters<typeof admitAll>[0]) =>
      ++count > 2 ? ({ kind: "refused", code: "publish.stopped", reason: "Enough." } as const) : admitAll(request);
    await using server = openServer({ verdict });
    const { code, errors, out } = await publish(server.port, "--publishers", "3");
    expect([code, errors]).toEqual([1, expect.stringContaining("1 of 3 publishers did not start")]);
    expect(out).toMatch(/publishers +2 /);
  });
});

describe("media", () => {
  const refusal = async (source: string) => {
    const { code, errors } = await runBench("publish", "--url", urlOf(1), "--source", source);
    expect(code).toBe(2);
    return errors;
  };

  test("no file, no media, no video", async () => {
    expect(await refusal(join(folder, "none.mp4"))).toMatch(/^There is no media file .*none\.mp4\.\n$/);
    const text = join(folder, "text.mp4");
    await Bun.write(text, "this is not a film");
    expect(await refusal(text)).toContain("can't be read as media");
    const sound = join(folder, "sound.m4a");
    await ffmpeg("-f", "lavfi", "-i", "sine", "-t", "1", "-c:a", "aac", sound);
    expect(await refusal(sound)).toMatch(/has no video: the bench publishes video\.\n$/);
    const broken = join(folder, "broken.flv");
    await Bun.write(broken, "FLV\x01\x05\0\0\0\x09\0\0\0\0");
    expect(await refusal(broken)).toContain("The source has no video to loop.");
  });

  test("an MP4 with B-frames, and a file that is cut off", async () => {
    await using server = openServer();
    const film = join(folder, "film.mp4");
    const picture = [
      "-f",
      "lavfi",
      "-i",
      "testsrc2=s=160x90:r=15",
      "-t",
      "2",
      "-c:v",
      "libx264",
      "-bf",
      "2",
      "-g",
      "15",
    ];
    await ffmpeg(...picture, film);
    const whole = await publish(server.port, "--source", film);
    expect(whole.out).toContain("The source has B-frames");
    expect(whole.code).toBe(0);
    const flv = join(folder, "film.flv");
    await ffmpeg("-i", film, "-c", "copy", flv);
    const cut = join(folder, "cut.flv");
    await Bun.write(cut, (await Bun.file(flv).bytes()).slice(0, -700));
    const short = await publish(server.port, "--source", cut);
    expect(short.out).toContain("The source is cut off: it is used up to the last whole frame.");
    expect(short.code).toBe(0);
  });

  for (const codec of ["hevc", "av1"]) {
    test(`${codec} as E-RTMP`, async () => {
      await using server = openServer();
      const { code, errors, out } = await publish(server.port, "--codec", codec);
      expect([code, errors]).toEqual([0, expect.not.stringContaining("failed")]);
      expect(out).toMatch(/disconnects +0 /);
    });
  }
});

describe("wrong use", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--publishers", "2"], "--url says where to publish"],
    [["--url", "rtmp://example.com/live/x"], "add --i-own-this-server"],
    [["--url", urlOf(1), "--duration", "soon"], "--duration takes a time"],
    [["--url", urlOf(1), "--publishers", "0"], "--publishers must be a whole number"],
    [["--url", urlOf(1), "--keys", "/none"], "The file of keys /none can't be read."],
    [["--url", urlOf(1), "--fail-if", "p99.nothing>1"], 'There is no figure "nothing"'],
    [["--url", urlOf(1), "--pid", "999999999"], "There is no process 999999999."],
    [["--url", urlOf(1), "--pid", "1", "--cmd", "true"], "one of them"],
    [["--url", urlOf(1), "--bogus"], "--bogus is not a flag"],
  ];
  for (const [args, sentence] of cases) {
    test(args.join(" "), async () => {
      // Without a --url the other bench is meant, unless a flag of this one is there.
      const { code, errors } = await runBench("publish", ...(args.includes("--url") ? args : [...args, "--url", ""]));
      expect(errors).toContain(sentence);
      expect(errors.trim().split("\n")).toHaveLength(1);
      expect(code).toBe(2);
    });
  }

  test("a command that does not start, a server that it does not become", async () => {
    const { code, errors } = await publish(1, "--cmd", "false");
    expect([code, errors]).toEqual([1, expect.stringContaining("The command of --cmd ended with code 1.")]);
  });
});

test("rtmps: a certificate that nobody knows is refused, and taken with --insecure", async () => {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const request =
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const made = Bun.spawn([...request.split(" "), "-keyout", key, "-out", cert], { stdout: "ignore", stderr: "ignore" });
  expect(await made.exited).toBe(0);
  const tls = { port: await freePort(), cert: await Bun.file(cert).text(), key: await Bun.file(key).text() };
  await using _ = openServer({ tls });
  const flags = ["--url", `rtmps://localhost:${tls.port}/live/x`, "--duration", "1s", "--ramp", "0s", ...SMALL];
  const refused = await runBench("publish", ...flags);
  expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining("TLS failed: ")]);
  expect((await runBench("publish", ...flags, "--insecure")).code).toBe(0);
});

test("Ctrl-C in the middle prints what was measured", async () => {
  await using server = openServer();
  const bench = startBench("publish", "--url", urlOf(server.port), "--duration", "60s", "--ramp", "0s", ...SMALL);
  await bench.until("publishing  sent");
  bench.child.kill("SIGINT");
  const { code, out } = await bench.done;
  expect(code).toBe(130);
  expect(out).toContain("Interrupted: these are the figures until then.");
  expect(out).toMatch(/publish_ms +1 /);
});

test("against nginx-rtmp: figures that agree with /proc, files, and a condition that holds", async () => {
  const server = await nginx.start();
  try {
    const [json, html, csv] = ["json", "html", "csv"].map((kind) => join(folder, `out.${kind}`)) as [
      string,
      string,
      string,
    ];
    const files = ["--json", json, "--html", html, "--csv", csv];
    const flags = ["--publishers", "3", "--pid", String(server.pid), "--fail-if", "publishers>=3", ...files];
    const { code, out, errors } = await publish(server.target.port, "--duration", "2s", ...flags);
    expect(errors).toContain("--fail-if publishers>=3: it is 3.");
    expect(code).toBe(3);
    expect(out).toMatch(/publishers +3 /);
    const document = await Bun.file(json).json();
    expect(document).toMatchObject({ schema: 2, bench: "publish", ending: "done", gates: [expect.any(String)] });
    expect(document.parameters).toMatchObject({ publishers: 3, url: expect.stringContaining("***") });
    const { values, distributions, rows } = document.outcome;
    expect(values).toMatchObject({ publishers: 3, failed: 0, disconnects: 0 });
    // Three of 15 frames a second for two seconds, whatever the moment.
    expect(values.frames).toBeGreaterThan(60);
    expect(values.frames).toBeLessThan(120);
    expect(values.server_pss_mb).toBeGreaterThan(1);
    expect(distributions.publish_ms.count).toBe(3);
    expect((await Bun.file(csv).text()).trim().split("\r\n")).toHaveLength(rows.length + 1);
    expect(await Bun.file(html).text()).toContain("uPlot");
  } finally {
    await server.stop();
  }
});

test("unpaced: as fast as it goes, shared among workers", async () => {
  using sink = startSink({ port: 0 });
  const { code, out } = await publish(sink.port, "--unpaced", "--publishers", "3", "--workers", "2");
  expect(code).toBe(0);
  expect(out).toMatch(/publishers +3 /);
  expect(Number(/gbit +([\d.]+)/.exec(out)![1])).toBeGreaterThan(0);
});
