/** A machine without ffmpeg: broadcasts are served all the same, by the remuxer of the server itself. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openDatabase } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import { makeDataDir, probe, publish, removeDataDir, startServer, streamhub, until } from "./e2e/server.ts";

setDefaultTimeout(90_000);

const MISSING = "/nowhere/ffmpeg";

test("a server without ffmpeg serves what encoders send, and says what is off", async () => {
  const dataDir = makeDataDir();
  const server = await startServer({ dataDir, env: { FFMPEG_PATH: MISSING } });
  const encoder = publish(`${server.rtmp}/${server.streamKey}`);
  try {
    const playlist = `${server.site}/live/${server.slug}/video/index.m3u8`;
    const text = await until("a segment", async () => {
      const answer = await fetch(playlist);
      const body = await answer.text();
      return answer.ok && /^\d+\.m4s$/m.test(body) && body;
    });
    const name = /^\d+\.m4s$/m.exec(text)![0];
    expect((await (await fetch(new URL(name, playlist))).bytes()).length).toBeGreaterThan(1_000);
    expect((await fetch(`${server.site}/live/${server.slug}/thumbnail.webp`)).status).toBe(404);
    const doctor = await streamhub(["doctor"], { env: { DATA_DIR: dataDir, FFMPEG_PATH: MISSING } });
    expect(doctor.stdout).toContain("broadcasts are served, without thumbnails, quality levels and downloads");
  } finally {
    await encoder.stop();
    await server.stop();
    removeDataDir(dataDir);
  }
});

test("one that is told to use nothing but ffmpeg does not start without it, and says how to get it", async () => {
  const dataDir = makeDataDir();
  const tried = await streamhub(["serve"], { env: { DATA_DIR: dataDir, FFMPEG_PATH: MISSING, REMUXER: "ffmpeg" } });
  expect(tried.code).not.toBe(0);
  expect(tried.stderr).toContain("apt-get install ffmpeg");
  removeDataDir(dataDir);
});

test("a channel may do without ffmpeg where it is there, and with it again", async () => {
  const dataDir = makeDataDir();
  const server = await startServer({ dataDir });
  const handle = await openDatabase({ dataDir, log: silentLog });
  const remuxers = async () =>
    (await new Response(Bun.spawn(["ps", "-o", "args=", "--ppid", String(server.pid)]).stdout).text())
      .split("\n")
      .filter((line) => line.includes("-frag_duration")).length;
  try {
    const url = `${server.site}/live/${server.slug}/master.m3u8`;
    await handle.sql`update channels set remuxer = 'native'`;
    let encoder = publish(`${server.rtmp}/${server.streamKey}`);
    await until("it plays", async () => (await fetch(url)).ok && (await probe(url)).length === 2);
    expect(await remuxers()).toBe(0);
    await encoder.stop();
    await until(
      "it is over",
      async () => {
        const channel = (await (await fetch(`${server.site}/api/channels/1`)).json()) as { isLive: boolean };
        return !channel.isLive;
      },
      60,
    );
    await handle.sql`update channels set remuxer = 'ffmpeg'`;
    encoder = publish(`${server.rtmp}/${server.streamKey}`);
    await until("ffmpeg packs the next one", async () => (await remuxers()) === 1);
    await encoder.stop();
  } finally {
    await handle.close();
    await server.stop();
    removeDataDir(dataDir);
  }
});
