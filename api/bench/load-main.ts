/**
 * The load generator, a process of its own: keep-alive connections, one request under way on each, answers only counted and timed. It speaks HTTP
 * itself, because a client that parses everything would be slower than the servers it measures.
 */
import type { Load, LoadResult } from "./wire.ts";

const WARM_UP_MS = 1_000;
/** Tenths of a millisecond up to a second; what is slower counts as the last. */
const SLOTS = 10_000;

interface Connection {
  next: number;
  sentAt: number;
  /** Bytes of the answer under way that have not come yet; -1: its head is not complete. */
  missing: number;
  head: string;
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;

async function run({ port, clients, seconds, requests, rate }: Load): Promise<LoadResult> {
  const payloads = requests.map((text) => Buffer.from(text, "latin1"));
  const slots = new Uint32Array(SLOTS);
  let counting = false;
  let all = 0;
  let counted = 0;
  let refused = 0;
  let slowest = 0;
  let over = false;
  /** Milliseconds between two requests of one connection. */
  const pace = rate === 0 ? 0 : (clients / rate) * 1_000;

  function answered(connection: Connection, status: number): void {
    all++;
    if (!counting) return;
    const took = performance.now() - connection.sentAt;
    counted++;
    if (status < 200 || status > 299) refused++;
    slowest = Math.max(slowest, took);
    slots[Math.min(SLOTS - 1, Math.floor(took * 10))]!++;
  }

  function send(socket: Bun.Socket<Connection>): void {
    if (over) {
      socket.end();
      return;
    }
    const connection = socket.data;
    const payload = payloads[connection.next % payloads.length]!;
    // Each connection walks through all requests with a stride of its own place in the row.
    connection.next += clients;
    connection.missing = -1;
    connection.head = "";
    connection.sentAt = performance.now();
    socket.write(payload);
  }

  function again(socket: Bun.Socket<Connection>): void {
    const wait = pace === 0 ? 0 : pace - (performance.now() - socket.data.sentAt);
    if (wait <= 1) send(socket);
    else setTimeout(send, wait, socket);
  }

  await Promise.all(
    Array.from({ length: clients }, (_, n) =>
      Bun.connect<Connection>({
        hostname: "127.0.0.1",
        port,
        data: { next: n, sentAt: 0, missing: -1, head: "" },
        socket: {
          open: send,
          data(socket, bytes) {
            const connection = socket.data;
            if (connection.missing >= 0) connection.missing -= bytes.byteLength;
            else {
              const head = connection.head + bytes.toString("latin1");
              const end = head.indexOf("\r\n\r\n");
              if (end === -1) {
                connection.head = head;
                return;
              }
              const length = Number(LENGTH.exec(head.slice(0, end))?.[1] ?? 0);
              connection.missing = length - (head.length - end - 4);
              answered(connection, Number(head.slice(9, 12)));
            }
            if (connection.missing <= 0) again(socket);
          },
          close() {},
          error(_socket, error) {
            throw error;
          },
        },
      }),
    ),
  );
  await Bun.sleep(WARM_UP_MS);
  counting = true;
  const began = performance.now();
  const cpu = process.cpuUsage();
  await Bun.sleep(seconds * 1_000);
  counting = false;
  const took = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  over = true;
  function quantile(share: number): number {
    let left = Math.ceil(counted * share);
    for (const [slot, count] of slots.entries()) {
      left -= count;
      if (left <= 0) return (slot + 1) / 10;
    }
    return SLOTS / 10;
  }
  return {
    requests: counted,
    all,
    seconds: took,
    refused,
    p50: quantile(0.5),
    p99: quantile(0.99),
    slowest,
    generatorCpu: (user + system) / 1e6 / took,
  };
}

process.on("message", async (load: Load) => {
  process.send?.(await run(load));
  process.disconnect?.();
});
