/** Each process of a broadcast killed in turn, as a crash or the kernel's want of memory does. */
import { mediaChildren, postmasterOf } from "../../e2e/processes.ts";
import { until } from "../../e2e/server.ts";
import type { Case } from "../case.ts";
import { ask, databaseIsBack, expect, expectSmooth, goLive, type StreamView, sinceNow, streamOf } from "../stage.ts";

const kill = (pid: number) => process.kill(pid, "SIGKILL");

const encoder: Case = {
  name: "kill -9 of the encoder, back after 2 s",
  async run(stage) {
    const server = await stage.server();
    const first = stage.encoder(server);
    const witness = stage.witness(server);
    const before = await goLive(server, witness);
    first.kill("SIGKILL");
    await first.exited;
    await Bun.sleep(2_000);
    const since = sinceNow();
    stage.encoder(server);
    await witness.next("after the encoder came back", 10);
    const recovered = since();
    await Bun.sleep(3_000);
    const wentOn = expectSmooth(witness, 6);
    const { items } = await ask<{ items: StreamView[] }>(server, "/api/streams?live=true");
    expect(items.length === 1 && items[0]!.id === before.id, "it became another stream");
    return { wentOn: `the same stream, ${wentOn}`, recovered };
  },
};

const remuxer: Case = {
  name: "kill -9 of the broadcast's ffmpeg",
  async run(stage) {
    const server = await stage.server();
    stage.encoder(server);
    const witness = stage.witness(server);
    const before = await goLive(server, witness);
    for (const { pid } of mediaChildren(server.pid)) kill(pid);
    const since = sinceNow();
    await witness.next("after ffmpeg was killed", 10);
    const recovered = since();
    await Bun.sleep(3_000);
    const wentOn = expectSmooth(witness, 6);
    expect((await streamOf(server, before.id)).isLive, "the broadcast is over");
    return { wentOn, recovered };
  },
};

const database: Case = {
  name: "kill -9 of the embedded PostgreSQL",
  async run(stage) {
    const server = await stage.server();
    stage.encoder(server);
    const witness = stage.witness(server);
    const before = await goLive(server, witness);
    const audience = await stage.audience(server, before.id);
    kill(postmasterOf(server.dataDir));
    const recovered = await databaseIsBack(server, 60);
    const stream = await streamOf(server, before.id);
    expect(stream.isLive, "the broadcast is over");
    expect(stream.viewCount >= audience.acknowledged().views, "views were lost");
    return { wentOn: expectSmooth(witness, 3), recovered };
  },
};

const server: Case = {
  name: "kill -9 of the server",
  async run(stage) {
    const dataDir = stage.dataDir();
    const before = await stage.server({ dataDir });
    const first = stage.encoder(before);
    const witness = stage.witness(before);
    const { id } = await goLive(before, witness);
    const audience = await stage.audience(before, id);
    await Bun.sleep(4_000);
    const { newest } = witness.seen();
    const { views } = audience.acknowledged();
    await before.killHard();
    await first.exited;
    const since = sinceNow();
    const after = await stage.server({ dataDir, ports: { http: before.httpPort, rtmp: before.rtmpPort } });
    const { items } = await ask<{ items: StreamView[] }>(after, "/api/streams?live=true");
    expect(items.length === 0, "something is live that is not");
    const recovered = since();
    const stream = await until("the recording is ready", async () => {
      const found = await streamOf(after, id);
      return found.recording?.state === "ready" && found;
    });
    expect(stream.viewCount >= views, `${stream.viewCount} of ${views} acknowledged views are left`);
    const playlist = await (await fetch(`${after.site}/vod/${id}/video/index.m3u8`)).text();
    const last = Number([...playlist.matchAll(/^(\d+)\.m4s$/gm)].at(-1)?.[1] ?? -1);
    expect(last >= newest, `the recording ends at segment ${last}; viewers had seen ${newest}`);
    stage.encoder(after);
    await until("the encoder's next try is live", async () => {
      const again = await ask<{ items: StreamView[] }>(after, "/api/streams?live=true");
      return again.items.length === 1;
    });
    return { wentOn: `every view, and the recording up to the last segment that was seen (${last})`, recovered };
  },
};

export const kills: readonly Case[] = [encoder, remuxer, database, server];
