/** What a soaked server lives through: broadcasts, encoders that are lost and come back, players, pages and sockets that come and go. */
import { join } from "node:path";
import { openDatabase } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import { publish, streamhub, type TestServer } from "../e2e/server.ts";

const STREAMHUB = join(import.meta.dir, "..", "..", "streamhub.ts");
/** Between two losses of an encoder; it is back before its broadcast is over. */
const LOSS_EVERY_MS = 45_000;
const AWAY_MS = 3_000;
/** How long players and sockets stay. */
const VISIT_SECONDS = 30;
const PAGES = ["/", "/api/streams?live=true&limit=24", "/api/site", "/watch/soak-0", "/api/channels?slug=soak-0"];
const PAGE_EVERY_MS = 500;
const SOCKETS = 20;
const REWIND_SECONDS = 60;

export interface SoakLoad {
  /** What went wrong so far, by what it was. */
  readonly failures: ReadonlyMap<string, number>;
  readonly losses: number;
  readonly visits: number;
  readonly requests: number;
  stop(): Promise<void>;
}

export interface SoakScene {
  readonly server: TestServer;
  readonly publishers: number;
  readonly players: number;
}

export async function makeChannels(server: TestServer, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let index = 0; index < count; index++) {
    const args = ["channel", "create", "--slug", `soak-${index}`, "--title", `Soak ${index}`, "--json"];
    const { stdout, stderr, code } = await streamhub(args, { env: { DATA_DIR: server.dataDir } });
    if (code !== 0) throw new Error(`a channel was not made: ${stderr}`);
    keys.push((JSON.parse(stdout) as { streamKey: string }).streamKey);
  }
  // What can be rewound is full within the warm-up; with the two hours that a new channel has, it would fill all the time.
  const database = await openDatabase({ dataDir: server.dataDir, log: silentLog });
  try {
    await database.sql`update channels set dvr_seconds = ${REWIND_SECONDS}`;
  } finally {
    await database.close();
  }
  return keys;
}

/** Begins at once; `keys` are those of `makeChannels`. */
export function startLoad({ server, publishers, players }: SoakScene, keys: readonly string[]): SoakLoad {
  const failures = new Map<string, number>();
  const fail = (what: string) => void failures.set(what, (failures.get(what) ?? 0) + 1);
  let isOver = false;
  let [losses, visits, requests] = [0, 0, 0];
  const over = Promise.withResolvers<void>();
  const pause = (milliseconds: number) => Promise.race([Bun.sleep(milliseconds), over.promise]);

  /** The even ones stay, the odd ones are lost now and then. */
  async function encode(index: number): Promise<void> {
    while (!isOver) {
      const encoder = publish(`${server.rtmp}/${keys[index]}`, { seconds: 24 * 3600 });
      const gone = encoder.exited.then(() => "gone" as const);
      const end = index % 2 === 0 ? over.promise : pause(LOSS_EVERY_MS);
      const isLost = (await Promise.race([gone, end])) === "gone";
      await encoder.stop();
      if (isLost && !isOver) fail("an encoder was sent away");
      if (isOver) return;
      losses++;
      await pause(AWAY_MS);
    }
  }

  async function play(index: number): Promise<void> {
    const slug = `soak-${index % publishers}`;
    const kind = (["hls", "dash", "play"] as const)[index % 3]!;
    const file = kind === "dash" ? "manifest.mpd" : "master.m3u8";
    const url = kind === "play" ? `${server.rtmp}/${slug}` : `${server.site}/live/${slug}/${file}`;
    const bench = [kind === "play" ? "play" : "hls", "--url", url, "--players", "3", "--quiet"];
    while (!isOver) {
      const child = Bun.spawn([process.execPath, STREAMHUB, "bench", ...bench, "--duration", `${VISIT_SECONDS}s`], {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
      });
      await Promise.race([child.exited, over.promise]);
      child.kill("SIGTERM");
      await child.exited;
      visits++;
      // Who plays by RTMP is sent away with the encoder, and others may find nothing yet.
      await pause(1_000);
    }
  }

  async function read(): Promise<void> {
    for (let turn = 0; !isOver; turn++) {
      try {
        const answer = await fetch(server.site + PAGES[turn % PAGES.length]!, { signal: AbortSignal.timeout(10_000) });
        await answer.arrayBuffer();
        requests++;
        if (!answer.ok) fail(`${PAGES[turn % PAGES.length]} was answered with ${answer.status}`);
      } catch (error) {
        fail(`a page: ${error instanceof Error ? error.name : String(error)}`);
      }
      await pause(PAGE_EVERY_MS);
    }
  }

  /** Half of them leave politely, half without a word. */
  async function listen(index: number): Promise<void> {
    const url = `${server.site.replace("http", "ws")}/api/events`;
    while (!isOver) {
      const socket = new WebSocket(url);
      socket.onerror = () => fail("an events socket was refused");
      await pause(VISIT_SECONDS * 500 + index * 300);
      if (index % 2 === 0) socket.close();
      else socket.terminate();
      visits++;
    }
  }

  const all = [
    ...Array.from({ length: publishers }, (_, index) => encode(index)),
    ...Array.from({ length: players }, (_, index) => play(index)),
    ...Array.from({ length: SOCKETS }, (_, index) => listen(index)),
    read(),
  ];
  return {
    failures,
    get losses() {
      return losses;
    },
    get visits() {
      return visits;
    },
    get requests() {
      return requests;
    },
    async stop() {
      isOver = true;
      over.resolve();
      await Promise.all(all);
    },
  };
}
