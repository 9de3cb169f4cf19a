import { join } from "node:path";
import type { CommandDef } from "citty";

/** The benchmarks are a program of their own: they measure servers from outside, and parse their own options. */
export const benchCommand: CommandDef & { readonly parsesItself: true } = {
  parsesItself: true,
  meta: { name: "bench", description: "Benchmarks of ingest; `streamhub bench --help` lists them" },
  async run({ rawArgs }) {
    const main = join(import.meta.dir, "..", "ingest", "bench", "main.ts");
    const child = Bun.spawn([process.execPath, main, ...rawArgs], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    process.on("SIGINT", () => {}); // The terminal tells the child by itself.
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    process.exitCode = await child.exited;
  },
};
