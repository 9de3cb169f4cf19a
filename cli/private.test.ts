/** A private channel on the real server, with a real encoder and real players: nothing without a token, everything with one. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePlaybackTokens } from "@streamhub/db/playback-token";
import {
  makeDataDir,
  type Publisher,
  probe,
  publish,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
  until,
} from "./e2e/server.ts";

setDefaultTimeout(120_000);

const SLUG = "attic";
let dataDir: string;
let server: TestServer;
let encoder: Publisher;
let bearer: Record<string, string>;
let channelId = 0;

interface Issued {
  readonly token: string;
  readonly session: string;
  readonly hls: string;
  readonly dash: string;
  readonly ws: string;
  readonly flv: string;
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${server.site}${path}`, {
    method,
    headers: { "content-type": "application/json", ...bearer },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
const issue = (body: object = {}) => ask<Issued>("POST", `/api/channels/${channelId}/playback-token`, body);
const get = (path: string, init?: RequestInit) => fetch(`${server.site}${path}`, init);
const rtmp = (query: string) => `rtmp://127.0.0.1:${server.rtmpPort}/live/${SLUG}${query}`;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServer({ dataDir, env: { LOG_LEVEL: "debug" } });
  const account = { username: "ada", email: "ada@example.org", password: "correct horse battery staple" };
  const { accessToken } = await ask<{ accessToken: string }>("POST", "/api/auth/register", account);
  bearer = { authorization: `Bearer ${accessToken}` };
  const channel = { slug: SLUG, title: "Attic", visibility: "private" };
  channelId = (await ask<{ id: number }>("POST", "/api/channels", channel)).id;
  const { streamKey } = await ask<{ streamKey: string }>("GET", `/api/channels/${channelId}/stream-key`);
  encoder = publish(`${server.rtmp}/${streamKey}`);
  const { hls } = await issue();
  await until("it is live", async () => (await get(hls.replace("master.m3u8", "video/index.m3u8"))).status === 200);
});

afterAll(async () => {
  await encoder?.stop();
  await server?.stop();
  removeDataDir(dataDir);
});

describe("a private channel", () => {
  test("without a token there is none, whatever is asked for", async () => {
    for (const path of ["master.m3u8", "manifest.mpd", "video/index.m3u8", "video/1.m4s", "ws", "thumbnail.webp"]) {
      const [there, none] = await Promise.all([get(`/live/${SLUG}/${path}`), get(`/live/nobody/${path}`)]);
      expect([there.status, await there.text()]).toEqual([404, await none.text()]);
      expect(there.headers.get("cache-control")).toBe(none.headers.get("cache-control"));
    }
    expect((await get(`/live/${SLUG}.flv`)).status).toBe(404);
    expect((await get(`/live/${SLUG}/master.m3u8?token=${"A".repeat(52)}`)).status).toBe(403);
    await expect(probe(rtmp(""))).rejects.toThrow();
    await expect(probe(rtmp(`?token=${"A".repeat(52)}`))).rejects.toThrow();
    // Not even its name is told.
    const lists = await Promise.all(["channels", "streams"].map(async (what) => (await get(`/api/${what}`)).text()));
    expect(lists.join()).not.toContain(SLUG);
  });

  test("with one it plays as HLS, DASH, FLV and RTMP, and nobody keeps it", async () => {
    const { hls, dash, flv, token } = await issue();
    for (const url of [
      `${server.site}${hls}`,
      `${server.site}${dash}`,
      `${server.site}${flv}`,
      rtmp(`?token=${token}`),
    ]) {
      const streams = await probe(url);
      expect(streams.map(({ type }) => type).sort()).toEqual(["audio", "video"]);
    }
    for (const path of [hls, dash, hls.replace("master.m3u8", "audio/index.m3u8")]) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
    }
  });

  test("its playlists keep the rules with the token in them", async () => {
    // As somebody else: places are limited.
    const tokens = makePlaybackTokens(readFileSync(join(dataDir, "secret"), "utf8").trim());
    const expiresAt = Math.floor(Date.now() / 1000) + 60;
    const claims = { subject: tokens.anySubject(), session: "sessionA-000", maxSessions: 3, expiresAt };
    const token = tokens.sign({ kind: "live", slug: SLUG }, claims);
    for (const name of ["master.m3u8", "manifest.mpd"]) {
      const url = `${server.site}/live/${SLUG}/${name}?token=${token}`;
      const { stdout, code } = await streamhub(["check", url, "--seconds", "6", "--json"]);
      const { rules } = JSON.parse(stdout) as { rules: { rule: string; state: string }[] };
      expect(rules.filter(({ state }) => state === "violated")).toEqual([]);
      expect(code).toBe(0);
    }
  });

  test("frame by frame over WebSocket too", async () => {
    const { ws } = await issue();
    const socket = new WebSocket(`${server.site.replace("http", "ws")}${ws}`);
    socket.binaryType = "arraybuffer";
    const first = await new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(data);
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    });
    expect(JSON.parse(String(first))).toMatchObject({ tracks: [{ kind: "video" }, { kind: "audio" }] });
    socket.close();
    const refused = new WebSocket(`${server.site.replace("http", "ws")}/live/${SLUG}/ws`);
    await new Promise((resolve) => {
      refused.onerror = resolve;
      refused.onclose = resolve;
    });
    expect(refused.readyState).not.toBe(WebSocket.OPEN);
  });

  test("a token that is over, or of another channel, or made with another secret opens nothing", async () => {
    const secret = readFileSync(join(dataDir, "secret"), "utf8").trim();
    const tokens = makePlaybackTokens(secret);
    const claims = { subject: tokens.anySubject(), session: "sessionA-000", maxSessions: 3 };
    const seconds = Math.floor(Date.now() / 1000);
    const statusOf = async (token: string) => (await get(`/live/${SLUG}/video/index.m3u8?token=${token}`)).status;
    const live = { kind: "live", slug: SLUG } as const;
    expect(await statusOf(tokens.sign(live, { ...claims, expiresAt: seconds + 60 }))).toBe(200);
    expect(await statusOf(tokens.sign(live, { ...claims, expiresAt: seconds - 40 }))).toBe(403);
    expect(await statusOf(tokens.sign({ kind: "live", slug: "main" }, { ...claims, expiresAt: seconds + 60 }))).toBe(
      403,
    );
    const foreign = makePlaybackTokens(`${secret} `).sign(live, { ...claims, expiresAt: seconds + 60 });
    expect(await statusOf(foreign)).toBe(403);
  });

  test("three players of one account at once, not four; the next token of a player is the same player", async () => {
    const tokens = makePlaybackTokens(readFileSync(join(dataDir, "secret"), "utf8").trim());
    const [subject, now] = [tokens.anySubject(), Math.floor(Date.now() / 1000)];
    const watch = async (session: string, seconds = 60) => {
      const claims = { subject, session, expiresAt: now + seconds, maxSessions: 3 };
      const token = tokens.sign({ kind: "live", slug: SLUG }, claims);
      return (await get(`/live/${SLUG}/video/index.m3u8?token=${token}`)).status;
    };
    const statuses: number[] = [];
    for (const player of ["A", "B", "C", "D"]) statuses.push(await watch(`session${player}-000`));
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect([await watch("sessionA-000", 90), await watch("sessionD-000")]).toEqual([200, 429]);
  });

  test("no token stands in the log, and none in the metrics", async () => {
    const { hls, token } = await issue();
    await get(hls);
    await get(`${hls}x`);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/^streamhub_playback_denied_total\{reason="full"\} [1-9]/m);
    expect(metrics).toMatch(/^streamhub_delivery_responses_total\{kind="playlist",status="429"\} [1-9]/m);
    expect(metrics).not.toContain("token=");
    expect(server.log()).not.toContain(token.slice(0, 20));
    expect(server.log()).not.toContain("token=");
  });

  test("its recording is as private", async () => {
    const { items } = await ask<{ items: { id: number }[] }>("GET", `/api/streams?channelId=${channelId}`);
    const { id } = items[0]!;
    await encoder.stop();
    await ask("POST", `/api/streams/${id}/stop`);
    const vod = await ask<Issued>("POST", `/api/streams/${id}/playback-token`);
    expect(vod.hls).toBe(`/vod/${id}/master.m3u8?token=${vod.token}`);
    await until("it can be played", async () => (await get(vod.hls)).status === 200);
    expect((await probe(`${server.site}${vod.hls}`)).length).toBe(2);
    const [there, none] = await Promise.all([get(`/vod/${id}/master.m3u8`), get("/vod/999999/master.m3u8")]);
    expect([there.status, await there.text()]).toEqual([404, await none.text()]);
    const { token } = vod;
    expect(
      (await get(`/vod/${id}/master.m3u8?token=${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`)).status,
    ).toBe(403);
  });
});
