/** What StreamHub depends on goes away during a broadcast, and comes back. */
import { until } from "../../e2e/server.ts";
import type { Case } from "../case.ts";
import {
  ask,
  askDatabase,
  databaseIsBack,
  expect,
  expectSmooth,
  goLive,
  type StreamView,
  sinceNow,
  streamOf,
} from "../stage.ts";

const portOf = (url: string): number => Number(new URL(url).port);
const through = (url: string, port: number): string => {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
};
const KEPT_SECONDS = 3;

const postgres: Case = {
  name: "PostgreSQL down",
  async run(stage) {
    const database = await stage.database();
    const gate = stage.gateTo(portOf(database.url));
    const server = await stage.server({ env: { DATABASE_URL: through(database.url, gate.port) } });
    stage.encoder(server);
    const witness = stage.witness(server);
    const { id } = await goLive(server, witness);
    const audience = await stage.audience(server, id);
    await Bun.sleep(5_000);
    gate.down();
    // Kept answers are younger than this.
    await Bun.sleep(KEPT_SECONDS * 1_000);
    const refusal = await askDatabase(server);
    const { code } = (await refusal.json()) as { code?: string };
    expect(refusal.status === 503, `the API answered with ${refusal.status} (${code})`);
    await Bun.sleep(stage.outage * 1_000);
    const wentOn = expectSmooth(witness, 3);
    gate.up();
    const recovered = await databaseIsBack(server, 60);
    await audience.stop();
    const { views, seconds, refused } = audience.acknowledged();
    // Written a second after it was heard, at the latest; what the last heartbeats of before the end were worth is within the tolerance.
    const counted = await until("acknowledged watching is in the database", async () => {
      const [row] = await database.sql<{ views: number; seconds: number }[]>`
        select count(*)::int as views, coalesce(sum(watch_duration), 0)::int as seconds from stream_views where stream_id = ${id}`;
      return row!.views >= views && row!.seconds >= Math.floor(seconds) - views && row;
    });
    const stream = await streamOf(server, id);
    expect(stream.isLive, "the broadcast is over");
    return {
      wentOn: `${wentOn}; ${counted.views} views and ${counted.seconds} of ${Math.floor(seconds)} acknowledged seconds kept, ${refused} heartbeats refused`,
      refused: `503 ${code}`,
      recovered,
    };
  },
};

const redis: Case = {
  name: "Redis down, its data gone",
  async run(stage) {
    const scratch = await stage.redis();
    const server = await stage.server({ env: { REDIS_URL: scratch.url } });
    stage.encoder(server);
    const witness = stage.witness(server);
    const { id } = await goLive(server, witness);
    await stage.audience(server, id);
    const viewers = async () => (await ask<{ viewers: number }>(server, `/api/streams/${id}/status`)).viewers;
    await until("the viewers are counted", async () => (await viewers()) >= 5);
    await scratch.kill();
    await Bun.sleep(KEPT_SECONDS * 1_000);
    const list = await ask<{ items: StreamView[] }>(server, "/api/streams?live=true");
    expect(list.items.length === 1, "the broadcast is not listed");
    await Bun.sleep(stage.outage * 1_000);
    const wentOn = expectSmooth(witness, 3);
    await scratch.start();
    const since = sinceNow();
    await until("the viewers are counted again", async () => (await viewers()) >= 5, 60);
    const recovered = since();
    expect((await streamOf(server, id)).isLive, "the broadcast is over");
    return { wentOn: `${wentOn}; the list is answered`, recovered };
  },
};

const storage: Case = {
  name: "S3 storage down",
  async run(stage) {
    const s3 = await stage.s3();
    const gate = stage.gateTo(portOf(s3.endpoint));
    const server = await stage.server({
      env: {
        S3_ENDPOINT: through(s3.endpoint, gate.port).replace(/\/$/, ""),
        S3_BUCKET: s3.bucket,
        S3_ACCESS_KEY_ID: s3.accessKeyId,
        S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      },
    });
    const publisher = stage.encoder(server);
    const witness = stage.witness(server);
    const { id } = await goLive(server, witness);
    const first = witness.seen().newest - 1;
    gate.down();
    await Bun.sleep(stage.outage * 1_000);
    const wentOn = expectSmooth(witness, 3);
    gate.up();
    await Bun.sleep(5_000);
    const { newest } = witness.seen();
    publisher.kill("SIGTERM");
    const since = sinceNow();
    await until("the recording is ready", async () => (await streamOf(server, id)).recording?.state === "ready", 60);
    const recovered = since();
    const playlist = await (await fetch(`${server.site}/vod/${id}/video/index.m3u8`)).text();
    const numbers = [...playlist.matchAll(/^(\d+)\.m4s$/gm)].map(([, number]) => Number(number));
    for (let number = first; number <= newest; number++)
      expect(numbers.includes(number), `segment ${number} is missing in the recording`);
    for (const number of numbers) {
      const answer = await fetch(`${server.site}/vod/${id}/video/${number}.m4s`);
      expect(answer.ok && (await answer.bytes()).length > 0, `segment ${number} of the recording is not readable`);
    }
    return {
      wentOn: `${wentOn}; all ${numbers.length} segments in the recording`,
      recovered: `${recovered} after the end`,
    };
  },
};

const disk: Case = {
  name: "the disk of recordings is full",
  async run(stage) {
    const dataDir = stage.dataDir();
    const folder = `${dataDir}/recordings`;
    const run = (...command: string[]) => Bun.spawnSync(command, { stderr: "pipe" });
    run("mkdir", "-p", folder);
    const mounted = run("mount", "-t", "tmpfs", "-o", "size=2m", "none", folder);
    expect(mounted.exitCode === 0, `a small disk can't be made here: ${mounted.stderr}. Run it as root.`);
    stage.cleanUp(() => run("umount", "-l", folder));
    const server = await stage.server({ dataDir, env: { RECORDING_MIN_FREE_BYTES: "1" } });
    const publisher = stage.encoder(server);
    const witness = stage.witness(server);
    const { id } = await goLive(server, witness);
    const stopped = await until(
      "the recording stops",
      async () => {
        const { recording } = await streamOf(server, id);
        return recording?.state === "stopped" && recording;
      },
      90,
    );
    expect(stopped.reason === "disk-full", `it stopped for ${stopped.reason}`);
    await Bun.sleep(3_000);
    const wentOn = expectSmooth(witness, 3);
    publisher.kill("SIGTERM");
    await until("what was written can be played", async () => {
      const answer = await fetch(`${server.site}/vod/${id}/video/index.m3u8`);
      return answer.ok && (await answer.text()).includes("#EXT-X-ENDLIST");
    });
    return { wentOn: `${wentOn}; what was written is a recording`, refused: "recording.stopped: disk-full" };
  },
};

export const outages: readonly Case[] = [postgres, redis, storage, disk];
