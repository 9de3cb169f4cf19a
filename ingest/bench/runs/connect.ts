/** Connect to NetStream.Publish.Start, one client after the other, each step waiting for the answer before it. */
import { progress } from "../cli/report.ts";
import { RtmpClient } from "../load/rtmp-client.ts";
import { median, percentile } from "../measure/statistics.ts";
import type { ServerKind } from "../servers/server.ts";

export interface ConnectParameters {
  readonly attempts: number;
  readonly chunkSize: number;
}

export interface ConnectResult {
  readonly server: string;
  readonly attempts: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** Not counted: both sides' compilers and caches. */
const WARM_UP = 50;

export async function runConnect(kind: ServerKind, parameters: ConnectParameters): Promise<ConnectResult> {
  const server = await kind.start();
  try {
    const times: number[] = [];
    for (let attempt = 0; attempt < WARM_UP + parameters.attempts; attempt++) {
      const name = `connect-${attempt}`;
      const client = new RtmpClient({ target: server.target, name, mode: "publish", chunkSize: parameters.chunkSize });
      const start = performance.now();
      await client.start();
      const took = performance.now() - start;
      if (attempt >= WARM_UP) times.push(took);
      client.endPublish();
      client.close();
      // Lets the server see the end, so that each attempt meets an idle one.
      await Bun.sleep(2);
    }
    const result = {
      server: kind.name,
      attempts: times.length,
      medianMs: median(times),
      p99Ms: percentile(times, 99),
      worstMs: Math.max(...times),
    };
    progress(`${kind.name}: connect to publish start ${result.medianMs.toFixed(2)} ms`);
    return result;
  } finally {
    await server.stop();
  }
}
