/** A machine without ffmpeg: broadcasts are served all the same, by the remuxer of the server itself. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { makeDataDir, publish, removeDataDir, startServer, streamhub, until } from "./e2e/server.ts";

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
