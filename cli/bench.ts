import { join } from "node:path";
import type { CommandDef } from "citty";

/** Benches that are not of ingest alone. */
const OWN: Readonly<Record<string, string>> = { api: "../api/bench/main.ts", soak: "soak/main.ts" };

/** The benchmarks are programs of their own: they measure servers from outside, and parse their own options. */
export const benchCommand: CommandDef & { readonly parsesItself: true } = {
  parsesItself: true,
  meta: { name: "bench", description: "Measures any RTMP server, ours and others; `streamhub bench --help` lists how" },
  async run({ rawArgs }) {
    const own = OWN[rawArgs[0] ?? ""];
    const main = join(import.meta.dir, own ?? "../ingest/bench/main.ts");
    const child = Bun.spawn([process.execPath, main, ...rawArgs.slice(own === undefined ? 0 : 1)], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    // A terminal tells the child by itself too; it takes two at once as one.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
    process.exitCode = await child.exited;
  },
};
