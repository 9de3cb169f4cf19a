import { join } from "node:path";
import type { CommandDef } from "citty";

/** The benchmarks are programs of their own: they measure servers from outside, and parse their own options. */
export const benchCommand: CommandDef & { readonly parsesItself: true } = {
  parsesItself: true,
  meta: { name: "bench", description: "Benchmarks of ingest and API; `streamhub bench --help` lists them" },
  async run({ rawArgs }) {
    const ofApi = rawArgs[0] === "api";
    const main = join(import.meta.dir, "..", ofApi ? "api" : "ingest", "bench", "main.ts");
    const child = Bun.spawn([process.execPath, main, ...rawArgs.slice(ofApi ? 1 : 0)], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    process.on("SIGINT", () => {}); // The terminal tells the child by itself.
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    process.exitCode = await child.exited;
  },
};
