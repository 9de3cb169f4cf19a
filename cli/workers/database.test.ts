/** Workers with a database and without Redis: one broadcast for one key, whichever worker its encoder comes to. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openDatabase } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import { mediaChildren } from "../e2e/processes.ts";
import { publish, streamhub, until } from "../e2e/server.ts";
import { startWorkers } from "../e2e/workers.ts";

setDefaultTimeout(180_000);

test("an encoder that comes back goes on with its stream; a worker that dies leaves nothing live; its recording plays", async () => {
  await using server = await startWorkers(["--workers", "2"], { JWT_SECRET: "a".repeat(48) });
  const env = { DATA_DIR: server.dataDir, JWT_SECRET: "a".repeat(48) };
  const made = await streamhub(["channel", "create", "--slug", "tower", "--title", "Tower", "--json"], { env });
  const { streamKey } = JSON.parse(made.stdout) as { streamKey: string };
  await using handle = await openHandle(server.dataDir);
  const streams = () =>
    handle.sql<{ id: number; isLive: boolean }[]>`select id, is_live as "isLive" from streams order by id`;
  const connect = () => publish(`${server.rtmp}/${streamKey}`);
  const master = (site: string) => `${site}/live/tower/master.m3u8`;
  const handedOver = async () =>
    (await server.metric("streamhub_ingest_connections_handed_over_total")).reduce((sum, count) => sum + count);

  let encoder = connect();
  await until("it plays", async () => (await fetch(master(server.site))).status === 200);
  // Again and again, until the kernel has led it to the other worker.
  await until("it came back by the other worker", async () => {
    const resumed = server.log().split('"code":"publish.resumed"').length;
    await encoder.stop();
    encoder = connect();
    await until("it goes on", async () => server.log().split('"code":"publish.resumed"').length > resumed);
    return (await handedOver()) > 0;
  });
  expect((await streams()).map(({ isLive }) => isLive)).toEqual([true]);
  for (const site of server.sites)
    await until(`it plays at ${site}`, async () => (await fetch(master(site))).status === 200);

  const [owner] = server.workers().filter((pid) => mediaChildren(pid).length > 0);
  process.kill(owner!, "SIGKILL");
  await until("nothing is live", async () => (await streams()).every(({ isLive }) => !isLive));
  await encoder.stop();
  const [ended] = await streams();
  await until("what was recorded plays by either worker", async () => {
    const answers = await Promise.all(
      server.sites.map((site) => fetch(`${site}/vod/${ended!.id}/master.m3u8`).catch(() => null)),
    );
    return answers.every((answer) => answer?.status === 200);
  });
  await until("its encoder is let in again", async () => {
    encoder = connect();
    const left = encoder.exited.then(() => false as const);
    return Promise.race([left, until("it plays", async () => (await fetch(master(server.site))).status === 200)]);
  });
  expect((await streams()).map(({ isLive }) => isLive)).toEqual([false, true]);
  await encoder.stop();
  expect(await server.stop()).toBe(0);
  expect((await streams()).map(({ isLive }) => isLive)).toEqual([false, false]);
});

/** The embedded database that the server has started. */
async function openHandle(dataDir: string) {
  const handle = await openDatabase({ dataDir, log: silentLog });
  return { sql: handle.sql, [Symbol.asyncDispose]: () => handle.close() };
}
