/** Peers that mean no good, or are broken, beside a broadcast that must not notice them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "bun";
import { RtmpClient } from "../../../ingest/bench/load/rtmp-client.ts";
import { pssBytes } from "../../../ingest/bench/measure/process-tree.ts";
import { streamhub, type TestServer, until } from "../../e2e/server.ts";
import type { Case, Found } from "../case.ts";
import { closedFor, expect, expectSmooth, goLive, type Stage, sinceNow } from "../stage.ts";

const MB = 1024 * 1024;
const CHUNK_SIZE = 4_096;

interface Scene {
  readonly server: TestServer;
  readonly stage: Stage;
  /** How much more memory the server has than before, once it had time to give some back. MB. */
  growth(): Promise<number>;
}

/** A broadcast with a viewer, and something hostile beside it. */
async function beside(stage: Stage, act: (scene: Scene) => Promise<Omit<Found, "wentOn">>, pause = 3): Promise<Found> {
  const server = await stage.server();
  stage.encoder(server);
  const witness = stage.witness(server);
  await goLive(server, witness);
  const before = pssBytes(server.pid) / MB;
  const growth = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 20 && least > 30; n++) {
      await Bun.sleep(500);
      least = Math.min(least, pssBytes(server.pid) / MB - before);
    }
    return least;
  };
  const found = await act({ server, stage, growth });
  return { wentOn: expectSmooth(witness, pause), ...found };
}

interface Peers {
  open(): number;
  end(): void;
}

/** `count` connections; `onOpen` may send something, `every` is sent each second. Those that can't connect count as closed. */
async function connect(
  port: number,
  count: number,
  { first, every, hostname = "127.0.0.1" }: { first?: string; every?: string; hostname?: string } = {},
): Promise<Peers> {
  const open = new Set<Socket>();
  const opening = Array.from({ length: count }, () =>
    Bun.connect({
      hostname,
      port,
      socket: {
        open(socket) {
          open.add(socket);
          if (first !== undefined) socket.write(first);
        },
        data() {},
        close: (socket) => void open.delete(socket),
        error: (socket) => void open.delete(socket),
      },
    }).catch(() => null),
  );
  await Promise.all(opening);
  const drip = (text: string) => {
    for (const socket of open) socket.write(text);
  };
  const timer = every === undefined ? null : setInterval(drip, 1_000, every);
  return {
    open: () => open.size,
    end() {
      if (timer !== null) clearInterval(timer);
      for (const socket of open) socket.terminate();
    },
  };
}

/** Until the server has ended them all. */
async function allClosed(peers: Peers, seconds: number): Promise<string> {
  const since = sinceNow();
  try {
    await until("the last of them is closed", async () => peers.open() === 0, seconds);
    return since();
  } finally {
    peers.end();
  }
}

const halfOpen: Case = {
  name: "an encoder whose network goes silent (half-open), back by another one",
  async run(stage) {
    const server = await stage.server();
    const gate = stage.gateTo(server.rtmpPort);
    stage.encoder(server, `rtmp://127.0.0.1:${gate.port}/live`);
    const witness = stage.witness(server);
    await goLive(server, witness);
    gate.silent();
    await Bun.sleep(2_000);
    const since = sinceNow();
    stage.encoder(server);
    await witness.next("after the second connection", 10);
    const recovered = since();
    await Bun.sleep(3_000);
    return {
      wentOn: expectSmooth(witness, 6),
      refused: `the dead connection: publish.replaced × ${await closedFor(server, "publish.replaced")}`,
      recovered,
    };
  },
};

const slowRtmp: Case = {
  name: "slow-loris on RTMP: 500 handshakes, a byte a second",
  run: (stage) =>
    beside(stage, async ({ server }) => {
      const closed = await allClosed(await connect(server.rtmpPort, 500, { first: "\u0003", every: "x" }), 15);
      const counted = await closedFor(server, "limit.handshake-timeout");
      expect(counted >= 500, `${counted} of 500 counted as limit.handshake-timeout`);
      return { refused: `limit.handshake-timeout × ${counted}`, recovered: `all closed after ${closed}` };
    }),
};

const slowHttp: Case = {
  name: "slow-loris on HTTP: 500 requests, a byte of a header a second",
  run: (stage) =>
    beside(stage, async ({ server, growth }) => {
      const first = "GET /api/streams HTTP/1.1\r\nHost: x\r\nX-A: ";
      const peers = await connect(server.httpPort, 500, { first, every: "a" });
      await Bun.sleep(5_000);
      const began = performance.now();
      const answer = await fetch(`${server.site}/api/streams?live=true`);
      const took = performance.now() - began;
      expect(answer.ok && took < 1_000, `the API answered ${answer.status} after ${took.toFixed(0)} ms`);
      const closed = await allClosed(peers, 60);
      expect((await growth()) < 60, "memory was kept");
      return {
        refused: `the API answered meanwhile in ${took.toFixed(0)} ms`,
        recovered: `all closed after ${closed}`,
      };
    }),
};

const idle: Case = {
  name: "5,000 connections that say nothing",
  run: (stage) =>
    beside(stage, async ({ server }) => {
      const peers = await connect(server.rtmpPort, 5_000);
      const other = new RtmpClient({
        target: { host: "127.0.0.2", port: server.rtmpPort, app: "live" },
        name: "nobody",
        mode: "publish",
        chunkSize: CHUNK_SIZE,
        timeoutMs: 5_000,
      });
      const refusal = await other.start().then(
        () => "nothing",
        (error: Error) => error.message,
      );
      other.close();
      const closed = await allClosed(peers, 20);
      const [timeouts, limited] = [
        await closedFor(server, "limit.handshake-timeout"),
        await closedFor(server, "limit.connections-per-address"),
      ];
      expect(timeouts + limited >= 5_000, `${timeouts} + ${limited} of 5,000 counted`);
      expect(refusal !== "nothing", "an unknown key was let in");
      return {
        refused: `limit.connections-per-address × ${limited}, limit.handshake-timeout × ${timeouts}`,
        recovered: `all closed after ${closed}`,
      };
    }),
};

const flood: Case = {
  name: "a flood of connects with unknown keys, 10 s",
  run: (stage) =>
    beside(stage, async ({ server, growth }) => {
      const until = performance.now() + 10_000;
      let [tried, refused] = [0, 0];
      const knock = async (): Promise<void> => {
        while (performance.now() < until) {
          const client = new RtmpClient({
            target: { host: "127.0.0.1", port: server.rtmpPort, app: "live" },
            name: `wrong-${tried++}`,
            mode: "publish",
            chunkSize: CHUNK_SIZE,
            timeoutMs: 10_000,
          });
          await client.start().catch(() => refused++);
          client.close();
        }
      };
      await Promise.all(Array.from({ length: 50 }, knock));
      expect(refused === tried, `${tried - refused} of ${tried} were let in`);
      const grown = await growth();
      expect(grown < 60, `${grown.toFixed(0)} MB were kept`);
      return {
        refused: `${refused} connects, each with a status`,
        recovered: `${Math.max(0, grown).toFixed(0)} MB more`,
      };
    }),
};

const unpaced: Case = {
  name: "a publisher that sends as fast as it can, 10 s",
  run: (stage) =>
    beside(
      stage,
      async ({ server, growth }) => {
        const command = (...args: string[]) => streamhub(args, { env: { DATA_DIR: server.dataDir } });
        await command("channel", "create", "--slug", "fast", "--title", "Fast");
        const key = (await command("channel", "key", "fast")).stdout.trim();
        const keys = join(server.dataDir, "keys.txt");
        writeFileSync(keys, key, { mode: 0o600 });
        const before = pssBytes(server.pid) / MB;
        let peak = before;
        const sampler = setInterval(() => {
          peak = Math.max(peak, pssBytes(server.pid) / MB);
        }, 200);
        const bench = ["bench", "publish", "--url", server.rtmp, "--keys", keys, "--unpaced", "--duration", "10s"];
        const { code, stderr } = await streamhub(bench);
        clearInterval(sampler);
        expect(code === 0, `the publisher was sent away: ${stderr.trim().split("\n").at(-1)}`);
        const grown = await growth();
        expect(peak - before < 1_000, `the server grew by ${(peak - before).toFixed(0)} MB`);
        return {
          refused: "nothing: the socket sets its pace",
          recovered: `peak ${(peak - before).toFixed(0)} MB more, ${grown.toFixed(0)} afterwards`,
        };
      },
      5,
    ),
};

const deaf: Case = {
  name: "500 players that do not read",
  run: (stage) =>
    beside(stage, async ({ server, growth }) => {
      const closed = async () =>
        (await closedFor(server, "limit.player-queue")) + (await closedFor(server, "limit.stall-timeout"));
      const gate = stage.gateTo(server.rtmpPort);
      const players = await play(server, gate.port, 500);
      gate.silent();
      const before = pssBytes(server.pid) / MB;
      let peak = before;
      await until(
        "all are sent away",
        async () => {
          peak = Math.max(peak, pssBytes(server.pid) / MB);
          return (await closed()) >= 500;
        },
        90,
      );
      for (const player of players) player.close();
      gate.down();
      const grown = await growth();
      return {
        refused: `limit.stall-timeout or limit.player-queue × ${await closed()}`,
        recovered: `peak ${(peak - before).toFixed(0)} MB more, ${grown.toFixed(0)} afterwards`,
      };
    }),
};

async function play(server: TestServer, port: number, count: number): Promise<readonly RtmpClient[]> {
  const players = Array.from(
    { length: count },
    () =>
      new RtmpClient({
        target: { host: "127.0.0.1", port, app: "live" },
        name: server.slug,
        mode: "play",
        chunkSize: CHUNK_SIZE,
        timeoutMs: 20_000,
      }),
  );
  await Promise.all(players.map((player) => player.start()));
  return players;
}

export const hostile: readonly Case[] = [halfOpen, slowRtmp, slowHttp, idle, flood, unpaced, deaf];
