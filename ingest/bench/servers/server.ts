import { createServer } from "node:net";
import type { Target } from "../load/rtmp-client.ts";

/** A server under test: a process tree of its own, on ports of its own, on loopback. */
export interface RunningServer {
  readonly name: string;
  /** Root of the process tree that is measured. */
  readonly pid: number;
  readonly target: Target;
  /** Where its Prometheus metrics are, when it has any. */
  readonly metricsUrl: string | null;
  /** The HLS playlist of a stream, when the server packages. */
  readonly playbackUrl: ((stream: string) => string) | null;
  stop(): Promise<void>;
}

export interface ServerKind {
  readonly name: string;
  readonly title: string;
  /** Why it can not be measured here, or null. */
  unavailable(): string | null;
  start(): Promise<RunningServer>;
}

export const LOOPBACK = "127.0.0.1";

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, LOOPBACK, resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("No free port.");
  return address.port;
}

/** Waits until something accepts on the port. */
export async function untilListening(port: number, timeoutMs = 5_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const socket = await Bun.connect({ hostname: LOOPBACK, port, socket: { data() {} } });
      socket.end();
      return;
    } catch {
      if (Date.now() > deadline) throw new Error(`Nothing listens on port ${port} after ${timeoutMs} ms.`);
      await Bun.sleep(20);
    }
  }
}
