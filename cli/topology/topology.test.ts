/** Two API and two ingest processes behind the gateway, with a real encoder: one address for everything, whichever node has the broadcast. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { onStage } from "../chaos/stage.ts";
import { publish, streamhub, until } from "../e2e/server.ts";
import { answering } from "../monitoring/ask-prometheus.ts";
import { insecurely, startTopology } from "./topology.ts";

setDefaultTimeout(180_000);

/** How often in a row what is there must be there: for a second the gateway may remember that it was nowhere, and ask any node. */
const IN_A_ROW = 16;

function inARow<T>(look: () => Promise<T | null | undefined | false>): () => Promise<T | null> {
  let times = 0;
  return async () => {
    const found = await look();
    times = found ? times + 1 : 0;
    return found && times >= IN_A_ROW ? found : null;
  };
}

test("playlists and segments by one address; one request up for all viewers; a node that dies is followed", async () => {
  await onStage(1, async (stage) => {
    const { site, prometheus, ports, nodes, env } = await startTopology(stage, { scrapeInterval: "2s" });
    const { http, rtmp } = ports;
    const get = (path: string, init?: RequestInit) => insecurely(`${site}${path}`, init);
    const moved = await fetch(`http://127.0.0.1:${http}/watch/x`, { redirect: "manual" });
    expect([moved.status, moved.headers.get("location")]).toEqual([308, `${site}/watch/x`]);
    for (const path of ["/metrics", "/stat", "/gateway/ingest/tower"]) expect((await get(path)).status).toBe(404);

    const made = await streamhub(["channel", "create", "--slug", "tower", "--title", "Tower", "--json"], { env });
    const { streamKey } = JSON.parse(made.stdout) as { streamKey: string };
    const connect = () => publish(`rtmp://127.0.0.1:${rtmp}/live/${streamKey}`);
    const playlist = "/live/tower/video/index.m3u8";
    const segments = async () =>
      [...(await (await get(playlist)).text()).matchAll(/^(\d+\.m4s)$/gm)].map(([name]) => name);

    const encoder = connect();
    stage.cleanUp(() => encoder.stop());
    await until(
      "it plays",
      inARow(async () => (await segments()).length > 0),
      60,
    );
    const manifest = await get("/live/tower/manifest.mpd", { headers: { "accept-encoding": "gzip, br" } });
    expect(manifest.headers.get("content-encoding")).toBe("br");
    expect(await manifest.text()).toContain("<MPD");
    const statistics = async () =>
      Promise.all(
        nodes.map(async ({ said }) => {
          const text = await (await fetch(`http://127.0.0.1:${said.mediaPort}/metrics`)).text();
          const asked = /^streamhub_delivery_responses_total\{kind="segment",status="200"\} (\d+)/m.exec(text)?.[1];
          return { live: Number(/^streamhub_ingest_broadcasts (\d+)/m.exec(text)?.[1]), asked: Number(asked ?? 0) };
        }),
      );
    const before = await statistics();
    const owner = before.findIndex(({ live }) => live === 1);
    expect(before.map(({ live }) => live).sort()).toEqual([0, 1]);
    const address = `/live/tower/video/${(await segments())[0]}`;
    const viewers = await Promise.all(Array.from({ length: 2 }, async () => (await get(address)).arrayBuffer()));
    expect(viewers[0]!.byteLength).toBeGreaterThan(1_000);
    expect(Buffer.from(viewers[0]!).equals(Buffer.from(viewers[1]!))).toBe(true);
    const after = await statistics();
    expect(after[owner]!.asked - before[owner]!.asked).toBe(1);

    // A private channel: nothing without a token, nothing kept of what came with one.
    const ask = async (path: string, body: object, headers = {}) => {
      const init = {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      };
      return (await (await get(path, init)).json()) as Record<string, string>;
    };
    const password = "correct horse battery staple";
    const { accessToken } = await ask("/api/auth/register", { username: "ada", email: "ada@example.org", password });
    const bearer = { authorization: `Bearer ${accessToken}` };
    const attic = await ask("/api/channels", { slug: "attic", title: "Attic", visibility: "private" }, bearer);
    const secret = await (await get(`/api/channels/${attic.id}/stream-key`, { headers: bearer })).json();
    const quiet = publish(`rtmp://127.0.0.1:${rtmp}/live/${(secret as { streamKey: string }).streamKey}`);
    stage.cleanUp(() => quiet.stop());
    const { hls } = await ask(`/api/channels/${attic.id}/playback-token`, {}, bearer);
    const video = hls!.replace("master.m3u8", "video/index.m3u8");
    const listed = await until(
      "it plays with a token",
      inARow(async () => {
        const answer = await get(video);
        return /^(\d+\.m4s\?token=\S+)$/m.exec(await answer.text())?.[1];
      }),
      60,
    );
    for (const name of [video, `/live/attic/video/${listed}`]) {
      for (let time = 0; time < 2; time++) {
        const answer = await get(name);
        expect([answer.status, answer.headers.get("x-cache"), answer.headers.get("cache-control")]).toEqual([
          200,
          "BYPASS",
          "private, no-store",
        ]);
      }
      expect((await get(name.split("?", 1)[0]!)).status).toBe(404);
    }
    await quiet.stop();

    const isSeen = async (expected: Readonly<Record<string, number>>) => {
      const seen = await answering(prometheus);
      return Object.entries(expected).every(([job, count]) => seen[job] === count);
    };
    const everything = { "node-exporter": 1, "postgres-exporter": 1, "redis-exporter": 1, prometheus: 1 };
    await until("Prometheus sees every part", () => isSeen({ api: 2, ingest: 2, gateway: 1, ...everything }));

    await nodes[owner]!.killHard();
    await encoder.exited;
    const left = nodes[1 - owner]!;
    const mediaUrl = `http://127.0.0.1:${left.said.mediaPort}`;
    // As encoders do: again and again until they are let in.
    const began = performance.now();
    const next = await until("the other node has it", async () => {
      const retry = connect();
      const isIn = await Promise.race([
        retry.exited.then(() => false),
        until(
          "it is live",
          async () => /^streamhub_ingest_broadcasts 1/m.test(await (await fetch(`${mediaUrl}/metrics`)).text()),
          8,
        ).catch(() => false),
      ]);
      if (isIn === true) return retry;
      await retry.stop();
      return null;
    });
    stage.cleanUp(() => next.stop());
    await until("Prometheus sees that a node is gone", () => isSeen({ api: 2, ingest: 1 }));
    console.log(`the retry was let in after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await until(
      "the same address plays",
      async () => {
        const names = await segments();
        return names.length > 0 && (await get(`/live/tower/video/${names.at(-1)}`)).status === 200;
      },
      60,
    );
  });
});
