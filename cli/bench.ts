import { join } from "node:path";
import type { CommandDef } from "citty";

/** The benchmarks are programs of their own: they measure servers from outside, and parse their own options. */
export const benchCommand: CommandDef & { readonly parsesItself: true } = {
  parsesItself: true,
  meta: { name: "bench", description: "Measures any RTMP server, ours and others; `streamhub bench --help` lists how" },
  async run({ rawArgs }) {
    const ofApi = rawArgs[0] === "api";
    const main = join(import.meta.dir, "..", ofApi ? "api" : "ingest", "bench", "main.ts");
    const child = Bun.spawn([process.execPath, main, ...rawArgs.slice(ofApi ? 1 : 0)], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    // A terminal tells the child by itself too; it takes two at once as one.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
    process.exitCode = await child.exited;
  },
};
