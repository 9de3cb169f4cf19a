/** The built site and the API on a real embedded PostgreSQL behind one port, with media from wherever the test takes it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startPlatform, type TestPlatform } from "@streamhub/api/testing";
import { makeSite } from "../../src/serve.ts";

const WEB = join(import.meta.dir, "../..");

export interface SiteUnderTest {
  readonly platform: TestPlatform;
  readonly origin: string;
  close(): Promise<void>;
}

/** Builds the site when it has not been built yet; `media` answers for `/live/{slug}/{name}`. */
export async function startSite(media: (slug: string, name: string) => Response): Promise<SiteUnderTest> {
  const distDir = join(WEB, "dist");
  if (!existsSync(join(distDir, "index.html"))) await build();
  const platform = await startPlatform();
  const site = makeSite({ distDir });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/api/")) return platform.app.handle(request);
      const [, slug, name] = /^\/live\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
      if (slug !== undefined && name !== undefined) return media(slug, name);
      return (await site(request)) ?? new Response("not found", { status: 404 });
    },
  });
  return {
    platform,
    origin: server.url.origin,
    async close() {
      await server.stop(true);
      await platform.close();
    },
  };
}

async function build(): Promise<void> {
  const run = Bun.spawn([process.execPath, "run", "--cwd", WEB, "build"], { stdout: "ignore", stderr: "inherit" });
  if ((await run.exited) !== 0) throw new Error("the site did not build");
}
