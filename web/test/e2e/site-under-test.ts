/** The built site and the API on a real embedded PostgreSQL behind one port, with media from wherever the test takes it. */
import type { Services } from "@streamhub/api/services";
import { makeSockets, type SocketSession } from "@streamhub/api/sockets";
import { startPlatform, type TestPlatform } from "@streamhub/api/testing";
import { makeSite } from "../../src/serve.ts";
import { builtSite } from "../built-site.ts";

export interface SiteUnderTest {
  readonly platform: TestPlatform;
  readonly origin: string;
  close(): Promise<void>;
}

/** One pixel. */
const picture = Buffer.from("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=", "base64");

/** `media` answers for `/live/{slug}/{name}`; `services`: what the API has otherwise. */
export async function startSite(
  media: (slug: string, name: string) => Response,
  services: Partial<Services> = {},
): Promise<SiteUnderTest> {
  const distDir = await builtSite();
  const sockets = makeSockets();
  const platform = await startPlatform({ sockets, ...services });
  const site = makeSite({ distDir });
  const server = Bun.serve<SocketSession>({
    hostname: "127.0.0.1",
    port: 0,
    websocket: sockets.handler,
    async fetch(request, self) {
      if (request.headers.has("upgrade")) sockets.note(request, self);
      const { pathname } = new URL(request.url);
      if (pathname === "/live/time") return new Response(new Date().toISOString());
      if (pathname.startsWith("/api/")) return platform.app.handle(request);
      const [, slug, name] = /^\/live\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
      if (name === "thumbnail.webp") return new Response(picture, { headers: { "content-type": "image/webp" } });
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
