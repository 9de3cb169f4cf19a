import type { Ready } from "./model.ts";

/** Resolves when the part answers, rejects (or takes too long) when it is away. */
export type Probe = (signal: AbortSignal) => Promise<unknown>;

/** The parts that must answer before this process takes traffic; a part that does not run here has no probe. */
export interface Probes {
  readonly database?: Probe;
  readonly ingest?: Probe;
  readonly bus?: Probe;
}

/** A probe that hangs is as bad as one that fails, and a load balancer gives up after a few seconds itself. */
const PROBE_TIMEOUT_MS = 2000;

async function run(probe: Probe): Promise<{ ok: boolean; milliseconds: number }> {
  const started = performance.now();
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const timeout = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const ok = await Promise.race([Promise.resolve().then(() => probe(signal)), timeout]).then(
    () => true,
    () => false,
  );
  return { ok, milliseconds: Math.round(performance.now() - started) };
}

/** Asks all parts at once. The reason of a failure stays in the part's own log: this answer is public. */
export async function checkReady(probes: Probes): Promise<Ready> {
  const entries = Object.entries(probes).filter((entry): entry is [string, Probe] => entry[1] !== undefined);
  const results = await Promise.all(entries.map(async ([name, probe]) => [name, await run(probe)] as const));
  return {
    status: results.every(([, result]) => result.ok) ? "ready" : "unready",
    checks: Object.fromEntries(results),
  };
}
