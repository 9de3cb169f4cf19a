import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const WEB = join(import.meta.dir, "..");

/** The folder of the built site. Builds it first when a source is newer than the last build, so that tests never see an old one. */
export async function builtSite(): Promise<string> {
  const dist = join(WEB, "dist");
  const index = join(dist, "index.html");
  const built = existsSync(index) ? statSync(index).mtimeMs : 0;
  if (newest() > built) {
    const run = Bun.spawn([process.execPath, "run", "--cwd", WEB, "build"], { stdout: "ignore", stderr: "pipe" });
    const [errors, code] = await Promise.all([new Response(run.stderr).text(), run.exited]);
    if (code !== 0) throw new Error(`the site did not build: ${errors}`);
  }
  return dist;
}

function newest(): number {
  const files = ["index.html", "embed.html", "vite.config.ts", "package.json"].map((name) => join(WEB, name));
  for (const folder of ["src", "public"]) {
    for (const entry of readdirSync(join(WEB, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !entry.name.endsWith(".test.ts")) files.push(join(entry.parentPath, entry.name));
    }
  }
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}
