/**
 * Serves the built site. The files are read once into memory (the whole site is about a megabyte), so a request can only ever name an entry of a
 * map: no path reaches the file system. A new build is noticed at the next page view.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { isPage } from "./paths.ts";

export interface SiteOptions {
  /** The folder that `vite build` wrote. */
  readonly distDir: string;
}

/** Answers a request for the site, or `null` when it is for somebody else (not GET or HEAD, or neither a file nor a page view). */
export type Site = (request: Request) => Response | Promise<Response> | null;

interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  /** Made at the first request that asks for it; `null`: compression does not pay. */
  gzip?: Uint8Array<ArrayBuffer> | null;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json)|image\/svg)/;
const IMMUTABLE = "public, max-age=31536000, immutable";
const REVALIDATE = "no-cache";

/** hls.js and dash.js run their demuxers in workers made from blobs and hand media to the page as blobs; nothing else is loosened. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
} as const;

/** Makes the handler. It never throws for a folder that is not built: page views then say what to run. */
export function makeSite({ distDir }: SiteOptions): Site {
  const indexFile = join(distDir, "index.html");
  let assets: ReadonlyMap<string, Asset> = new Map();
  let readAt = -1;

  /** Reads the folder again when its index.html is another one than last time. */
  function refresh(): void {
    const modified = existsSync(indexFile) ? statSync(indexFile).mtimeMs : -1;
    if (modified === readAt) return;
    assets = modified === -1 ? new Map() : readAssets(distDir);
    readAt = modified;
  }
  refresh();

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const { pathname } = new URL(request.url);
    const asset = pathname === "/index.html" ? undefined : assets.get(pathname);
    if (asset !== undefined) return respond(request, asset, 200);
    if (!isPageView(request, pathname)) return null;
    refresh();
    const index = assets.get("/index.html");
    if (index === undefined) return notBuilt();
    return respond(request, index, isPage(pathname) ? 200 : 404);
  };
}

/** A person opening an address, as opposed to a script asking for data or a page for a file that is missing. */
function isPageView(request: Request, pathname: string): boolean {
  if (/^\/(api|live|vod|metrics)(\/|$)/.test(pathname)) return false;
  const accept = request.headers.get("accept") ?? "";
  // curl, link checkers and uptime monitors send */* or nothing; they still mean the page when they ask for one that exists.
  return accept.includes("text/html") || (isPage(pathname) && (accept === "" || accept.includes("*/*")));
}

function respond(request: Request, asset: Asset, status: 200 | 404): Response {
  const headers = new Headers(SECURITY_HEADERS);
  headers.set("content-type", asset.type);
  headers.set("cache-control", asset.cacheControl);
  headers.set("vary", "accept-encoding");
  const zipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "") ? gzipped(asset) : null;
  // A strong tag names exact bytes, so the compressed form has another one.
  const etag = zipped === null ? `"${asset.etag}"` : `"${asset.etag}-gz"`;
  headers.set("etag", etag);
  if (status === 200 && request.headers.get("if-none-match") === etag)
    return new Response(null, { status: 304, headers });
  if (zipped !== null) headers.set("content-encoding", "gzip");
  const body = zipped ?? asset.bytes;
  headers.set("content-length", String(body.byteLength));
  return new Response(request.method === "HEAD" ? null : body, { status, headers });
}

function gzipped(asset: Asset): Uint8Array<ArrayBuffer> | null {
  if (asset.gzip === undefined) {
    const worth = COMPRESSIBLE.test(asset.type) && asset.bytes.byteLength > 1024;
    asset.gzip = worth ? new Uint8Array(gzipSync(asset.bytes)) : null;
  }
  return asset.gzip;
}

function readAssets(distDir: string): ReadonlyMap<string, Asset> {
  const found = new Map<string, Asset>();
  for (const entry of readdirSync(distDir, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined || entry.name.startsWith(".")) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${file.slice(join(distDir, "/").length).replaceAll("\\", "/")}`;
    const bytes = new Uint8Array(readFileSync(file));
    const etag = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
    // Vite puts a hash of the content into the names below assets/ only.
    found.set(path, { bytes, type, etag, cacheControl: path.startsWith("/assets/") ? IMMUTABLE : REVALIDATE });
  }
  return found;
}

function notBuilt(): Response {
  return new Response("The site is not built yet. Run: bun run --cwd web build\n", {
    status: 503,
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "retry-after": "5",
    },
  });
}
