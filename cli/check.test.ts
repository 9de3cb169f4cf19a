/** `check` against servers that keep the rules, that break them, and that are none. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { bytesOf, initBytes, MASTER, media, segmentBytes } from "@streamhub/ingest/conformance/testing/model-client";
import type { CheckReport } from "./check/report.ts";
import { makeDataDir, publish, removeDataDir, streamhub, until } from "./e2e/server.ts";

setDefaultTimeout(120_000);

const CORS = { "access-control-allow-origin": "*" };
const PLAYLIST = { ...CORS, "content-type": "application/vnd.apple.mpegurl" };
const MEDIA = { ...CORS, "content-type": "video/mp4", "cache-control": "max-age=100" };

let server: ReturnType<typeof Bun.serve>;
let site = "";
let hasty = 0;

/** A recording; `broken`: its third segment is too short, and its playlists have a wrong type. */
function recording(path: string, isBroken: boolean): Response {
  const type = isBroken ? { ...PLAYLIST, "content-type": "text/plain" } : PLAYLIST;
  if (path === "master.m3u8") return new Response(MASTER, { headers: type });
  const [rendition, name] = path.split("/") as ["video" | "audio", string];
  if (name === "index.m3u8") return new Response(media({ rendition, isEnded: true }), { headers: type });
  if (name === "init-0.mp4") return new Response(initBytes(rendition) as Uint8Array<ArrayBuffer>, { headers: MEDIA });
  const number = Number.parseInt(name, 10);
  const isShort = isBroken && number === 12;
  const bytes = isShort ? bytesOf(rendition, { from: 24, seconds: 1 }) : segmentBytes(rendition, number);
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: MEDIA });
}

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      const { pathname } = new URL(url);
      const [, what, ...rest] = pathname.split("/");
      const path = rest.join("/");
      if (what === "good" || what === "broken") return recording(path, what === "broken");
      if (what === "page") return new Response("<html></html>", { headers: { "content-type": "text/html" } });
      if (what === "round") return Response.redirect(`${site}round`, 302);
      if (what === "moved") return Response.redirect(`${site}good/master.m3u8`, 302);
      if (what === "hasty") {
        hasty++;
        return new Response(media(), { headers: PLAYLIST });
      }
      if (what === "silent") return new Promise<Response>(() => {});
      if (what === "encrypted") {
        const key = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXT-X-MAP';
        if (path === "index.m3u8")
          return new Response(media({ isEnded: true }).replace("#EXT-X-MAP", key), { headers: PLAYLIST });
        return recording(`video/${path}`, false);
      }
      return new Response("nothing", { status: 404 });
    },
  });
  site = server.url.href;
});
afterAll(() => server.stop(true));

const check = (path: string, ...args: string[]) => streamhub(["check", `${site}${path}`, "--seconds", "10", ...args]);

describe("streamhub check", () => {
  test("a recording that keeps the rules", async () => {
    const { code, stdout } = await check("good/master.m3u8");
    expect(stdout).toContain("0 violations, 0 pieces of advice");
    expect(stdout).toMatch(/^hls\.extinf +ok +HLS §4\.4\.4\.1$/m);
    expect(stdout).toMatch(/^hls\.part-time +- /m);
    expect(code).toBe(0);
  });

  test("one that breaks some: which, where, and an exit code", async () => {
    const { code, stdout } = await check("broken/master.m3u8", "--json");
    const report = JSON.parse(stdout) as CheckReport;
    expect(code).toBe(1);
    const violated = report.rules.filter(({ state }) => state === "violated");
    expect(violated.map(({ rule }) => rule).sort()).toEqual(["hls.decode-time", "hls.extinf", "http.type"]);
    expect(violated.find(({ rule }) => rule === "hls.extinf")).toMatchObject({
      severity: "must",
      count: 2,
      first: {
        where: expect.stringMatching(/^\/broken\/(video|audio)\/12\.m4s$/),
        detail: "Segment 12 has EXTINF 2, it lasts 1.0000 s",
      },
    });
    expect((await check("broken/master.m3u8")).stdout).toMatch(/^http\.type +VIOLATED 3x/m);
  });

  test("redirects are followed, encrypted segments are named and not read", async () => {
    expect((await check("moved")).code).toBe(0);
    const { stdout, code } = await check("encrypted/index.m3u8");
    expect(stdout).toContain("Segments are encrypted (AES-128): what is in them was not looked at.");
    expect(code).toBe(0);
  });

  test("a server that says it blocks and does not is found out, and not asked without end", async () => {
    const { stdout, code } = await streamhub(["check", `${site}hasty/index.m3u8`, "--seconds", "3", "--json"]);
    const violated = (JSON.parse(stdout) as CheckReport).rules.filter(({ state }) => state === "violated");
    expect(violated.map(({ rule }) => rule)).toContain("hls.blocking-reload");
    expect(code).toBe(1);
    expect(hasty).toBeLessThan(60);
  });

  test("what can't be checked is said in a sentence", async () => {
    const cases: [string[], string, number][] = [
      [[`${site}gone.m3u8`], "gone.m3u8 answers 404.", 1],
      [[`${site}page`], "is neither an HLS playlist nor a DASH manifest (text/html).", 1],
      [[`${site}round`], "more than 5 redirects.", 1],
      [[`${site}silent`, "--seconds", "1"], "time is up.", 1],
      [["http://127.0.0.1:1/master.m3u8"], "Can't fetch http://127.0.0.1:1/master.m3u8: Unable to connect.", 1],
      [["/etc/passwd"], "The address begins with http:// or https://.", 2],
      [["http://x/", "--seconds", "0"], "--seconds is a number from 1 to 86400.", 2],
    ];
    for (const [args, sentence, wanted] of cases) {
      const { stderr, code } = await streamhub(["check", ...args]);
      expect(stderr).toContain(sentence);
      expect({ args, code }).toEqual({ args, code: wanted });
    }
  });

  test("our own low-latency broadcast keeps all of them, in HLS and in DASH, and its own watch agrees", async () => {
    const dataDir = makeDataDir();
    const command = [
      process.execPath,
      join(import.meta.dir, "..", "streamhub.ts"),
      "ingest",
      "--open",
      ...["--workers", "1"],
      "--latency",
      "ultra",
    ];
    const env = { ...process.env, DATA_DIR: dataDir, RTMP_PORT: "0", MEDIA_PORT: "0" };
    const child = Bun.spawn([...command, "--json"], { env, stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    const reader = child.stdout.getReader();
    const said = JSON.parse(new TextDecoder().decode((await reader.read()).value));
    const encoder = publish(`${said.rtmp}/one`, { args: ["-bf", "0"] });
    try {
      const host = `http://127.0.0.1:${said.mediaPort}`;
      const url = `${host}/live/one`;
      await until("a playlist", async () => (await fetch(`${url}/master.m3u8`)).ok);
      const reports = await Promise.all(
        ["master.m3u8", "manifest.mpd"].map(async (name) => {
          const { stdout, code } = await streamhub(["check", `${url}/${name}`, "--seconds", "12", "--json"]);
          const report = JSON.parse(stdout) as CheckReport;
          const violated = report.rules.filter(({ state }) => state === "violated");
          return { name, code, violated, hasSeen: report.rules.filter(({ state }) => state === "ok").length };
        }),
      );
      expect(reports).toEqual([
        { name: "master.m3u8", code: 0, violated: [], hasSeen: expect.any(Number) },
        { name: "manifest.mpd", code: 0, violated: [], hasSeen: expect.any(Number) },
      ]);
      expect(reports[0]!.hasSeen).toBeGreaterThan(40);
      const metrics = await (await fetch(`${host}/metrics`)).text();
      const violations = [...metrics.matchAll(/^streamhub_conformance_violations_total\{rule="(.+)"\} (\d+)$/gm)];
      expect(violations.length).toBeGreaterThan(10);
      expect(violations.filter(([, , count]) => count !== "0").map(([line]) => line)).toEqual([]);
    } finally {
      await encoder.stop();
      child.kill("SIGTERM");
      await child.exited;
      removeDataDir(dataDir);
    }
  });
});
