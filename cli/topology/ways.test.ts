/** Every way through the gateway: RTMPS in; blocking reloads, frames, FLV, events and recordings out; and what goes on while parts are replaced. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { onStage } from "../chaos/stage.ts";
import { startPart } from "../e2e/part.ts";
import { publish, streamhub, until } from "../e2e/server.ts";
import { insecurely, startTopology } from "./topology.ts";

setDefaultTimeout(240_000);

const insecure = { tls: { rejectUnauthorized: false } };

/** The first message of a WebSocket that `wanted` takes. */
function firstMessage<T>(url: string, wanted: (data: unknown) => T | null, send?: string): Promise<T> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), insecure as unknown as string[]);
  socket.binaryType = "arraybuffer";
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${url}: no such message`)), 20_000);
    const done = (end: () => void) => {
      clearTimeout(timer);
      socket.close();
      end();
    };
    socket.onopen = () => {
      if (send !== undefined) socket.send(send);
    };
    socket.onmessage = ({ data }) => {
      const found = wanted(data);
      if (found !== null) done(() => resolve(found));
    };
    socket.onerror = () => done(() => reject(new Error(`${url} is no WebSocket`)));
  });
}

test("RTMPS in, every way of watching out, limits; parts that are replaced cost nobody a request or a broadcast", async () => {
  await onStage(1, async (stage) => {
    const { site, ports, apis, nodes, env } = await startTopology(stage, { ingestEnv: { DRAIN_SECONDS: "60" } });
    const get = (path: string, init?: RequestInit) => insecurely(`${site}${path}`, init);
    const channel = async (slug: string) => {
      const made = await streamhub(["channel", "create", "--slug", slug, "--title", slug, "--json"], { env });
      return (JSON.parse(made.stdout) as { streamKey: string }).streamKey;
    };
    const key = await channel("tower");
    const encoder = publish(`rtmps://127.0.0.1:${ports.rtmps}/live/${key}`, { seconds: 200 });
    stage.cleanUp(() => encoder.stop());
    const playlist = "/live/tower/video/index.m3u8";
    const parts = async () => {
      const text = await (await get(playlist)).text();
      return /#EXT-X-PART:/.test(text) && /^\d+\.m4s$/m.test(text) && text;
    };
    await until("parts are listed", parts, 60);
    const metricsOf = async (port: unknown) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const numberOf = (text: string, series: string) =>
      Number(new RegExp(`^${series} (\\d+)`, "m").exec(text)?.[1] ?? 0);

    // Many who wait for the same part are one who waits.
    const ends: number[] = [];
    for (let round = 0; round < 3; round++) {
      const text = (await until("the playlist", parts)) as string;
      const whole = Number.parseInt(text.match(/^\d+(?=\.m4s$)/gm)!.at(-1)!, 10);
      const asked = `${playlist}?_HLS_msn=${whole + 1}&_HLS_part=0`;
      const answers = await Promise.all(Array.from({ length: 8 }, () => get(asked).then((answer) => answer.text())));
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toContain("#EXT-X-PART:");
      ends.push(whole);
    }
    expect(ends.at(-1)!).toBeGreaterThanOrEqual(ends[0]!);

    const tracks = await firstMessage(`${site}/live/tower/ws`, (data) =>
      typeof data === "string" ? (JSON.parse(data) as { tracks: { kind: string }[] }).tracks : null,
    );
    expect(tracks.map(({ kind }) => kind).sort()).toEqual(["audio", "video"]);
    await firstMessage(`${site}/live/tower/ws`, (data) => (data instanceof ArrayBuffer ? data.byteLength : null));

    // As it comes: were it held back until it is whole, it would never end.
    const flv = await get("/live/tower.flv");
    const reader = flv.body!.getReader();
    let seen = 0;
    const first = (await reader.read()).value!;
    expect(new TextDecoder("latin1").decode(first.subarray(0, 3))).toBe("FLV");
    for (let reads = 0; reads < 5; reads++) seen += (await reader.read()).value!.length;
    expect(seen).toBeGreaterThan(0);
    await reader.cancel();

    // Whoever hammers the sign-in is slowed down, and nobody else is.
    const guesses = await Promise.all(
      Array.from({ length: 90 }, () =>
        get("/api/auth/login", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ login: "nobody", password: "x" }),
        }).then(({ status }) => status),
      ),
    );
    expect(guesses).toContain(429);
    expect((await get("/api/ready")).status).toBe(200);

    // One API after the other is replaced, while it is asked all the time.
    const statuses = new Map<number, number>();
    let isOver = false;
    let asked = 0;
    const asking = Promise.all(
      Array.from({ length: 3 }, async () => {
        while (!isOver) {
          const status = await get(`/api/channels?slug=tower&limit=${1 + (asked++ % 50)}`).then(
            (answer) => answer.text().then(() => answer.status),
            () => 0,
          );
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          await Bun.sleep(20);
        }
      }),
    );
    for (const old of apis) {
      const port = new URL(String(old.said.site)).port;
      await old.stop();
      const next = await startPart("api", { ...env, HTTP_PORT: port });
      stage.cleanUp(() => next.stop());
      await until("it is ready", async () => (await fetch(`http://127.0.0.1:${port}/api/ready`)).ok);
      // NGINX takes one that did not answer for down for a while.
      await Bun.sleep(1_500);
    }
    isOver = true;
    await asking;
    expect([...statuses.keys()]).toEqual([200]);
    expect(statuses.get(200)!).toBeGreaterThan(50);

    // The node that has the broadcast is told to go: it stays until that is over, and new ones go elsewhere.
    const owners = await Promise.all(nodes.map(({ said }) => metricsOf(said.mediaPort)));
    const owner = owners.findIndex((text) => numberOf(text, "streamhub_ingest_broadcasts") === 1);
    const leaving = nodes[owner]!.stop(90_000);
    const before = ((await until("it plays on", parts)) as string).match(/^\d+(?=\.m4s$)/gm)!.at(-1)!;
    await until("new segments come", async () => {
      const text = await parts();
      return text !== false && Number(text.match(/^\d+(?=\.m4s$)/gm)!.at(-1)) > Number(before) + 2;
    });
    const other = await channel("annex");
    const second = publish(`rtmp://127.0.0.1:${ports.rtmp}/live/${other}`, { seconds: 60 });
    stage.cleanUp(() => second.stop());
    await until(
      "another broadcast is let in by the other node",
      async () => numberOf(await metricsOf(nodes[1 - owner]!.said.mediaPort), "streamhub_ingest_broadcasts") === 1,
    );
    const { items } = (await (await get("/api/streams?live=true")).json()) as {
      items: { id: number; channel: { slug: string } }[];
    };
    const stream = items.find((item) => item.channel.slug === "tower")!;
    await encoder.stop();
    await leaving;
    // Its recording is there, from the bucket, and from the cache the second time.
    await until("the recording plays", async () => (await get(`/vod/${stream.id}/master.m3u8`)).status === 200, 60);
    const recorded = await (await get(`/vod/${stream.id}/video/index.m3u8`)).text();
    expect(recorded).toEndWith("#EXT-X-ENDLIST\n");
    const segment = `/vod/${stream.id}/video/${/^\d+\.m4s$/m.exec(recorded)![0]}`;
    const [cold, warm] = [await get(segment), await get(segment)];
    expect([cold.status, warm.status, warm.headers.get("x-cache")]).toEqual([200, 200, "HIT"]);
    expect(Buffer.from(await cold.arrayBuffer()).equals(Buffer.from(await warm.arrayBuffer()))).toBe(true);
  });
});
