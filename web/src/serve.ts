/**
 * Serves the built site. The files are read once into memory (the whole site is about a megabyte), so a request can only ever name an entry of a
 * map: no path reaches the file system. A new build is noticed at the next page view.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type AskApi, answersElement, type FirstAnswers, firstAnswers, isAnswered } from "./page-answers.ts";
import { type DescribePage, isDescribed, type PageAbout, withAnswers, withHead, withHints } from "./page-head.ts";
import { type Hints, readHints } from "./page-hints.ts";
import { isPage } from "./paths.ts";

export interface SiteOptions {
  /** The folder that `vite build` wrote. */
  readonly distDir: string;
  /** What pages of channels and recordings say of themselves; without it all say the same. */
  readonly describe?: DescribePage;
  /** Answers what pages ask first, so that it comes with them; without it they ask themselves. */
  readonly ask?: (address: string, visitor: Request) => ReturnType<AskApi>;
  /** The site's own origin when it is known; null: that of the request. */
  readonly publicUrl?: string | null;
}

/** Answers a request for the site, or `null` when it is for somebody else (not GET or HEAD, or neither a file nor a page view). */
export type Site = (request: Request) => Response | Promise<Response> | null;

interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  /** Made at the first request that asks for it; `null`: compression does not pay. */
  gzip?: Uint8Array<ArrayBuffer> | null | undefined;
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
const contentSecurityPolicy = (frameAncestors: string): string =>
  [
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
    `frame-ancestors ${frameAncestors}`,
  ].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": contentSecurityPolicy("'none'"),
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
} as const;

/** The one page that others may show in a frame. It gives away nothing that a frame could be used to steal: nobody is signed in there. */
const EMBED = /^\/embed\/[^/]{1,100}\/?$/;
const EMBED_HEADERS = {
  ...SECURITY_HEADERS,
  "content-security-policy": contentSecurityPolicy("*"),
  "cross-origin-resource-policy": "cross-origin",
} as const;
/** What is not known of a page by then, it says or asks itself. */
const KNOWN_WITHIN_MS = 1_000;
/** Somebody who is signed in: what the API answers them is another thing than what it answers a guest. */
const MEMBER = /(?:^|; )streamhub_csrf=/;

/** Makes the handler. It never throws for a folder that is not built: page views then say what to run. */
export function makeSite({ distDir, describe, ask, publicUrl = null }: SiteOptions): Site {
  const indexFile = join(distDir, "index.html");
  let assets: ReadonlyMap<string, Asset> = new Map();
  let hints: Hints = () => "";
  let readAt = -1;

  /** Reads the folder again when its index.html is another one than last time. */
  function refresh(): void {
    const modified = existsSync(indexFile) ? statSync(indexFile).mtimeMs : -1;
    if (modified === readAt) return;
    assets = modified === -1 ? new Map() : readAssets(distDir);
    hints = readHints(distDir);
    readAt = modified;
  }
  refresh();

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const { pathname } = new URL(request.url);
    const asset = /^\/(index|embed)\.html$/.test(pathname) ? undefined : assets.get(pathname);
    if (asset !== undefined) return respond(request, asset, 200);
    if (EMBED.test(pathname)) {
      refresh();
      const player = assets.get("/embed.html");
      return player === undefined ? notBuilt() : respond(request, player, 200, EMBED_HEADERS);
    }
    if (!isPageView(request, pathname)) return null;
    refresh();
    const index = assets.get("/index.html");
    if (index === undefined) return notBuilt();
    if (isDescribed(pathname) || isAnswered(pathname)) return prepared(request, index, pathname);
    return respond(request, index, isPage(pathname) ? 200 : 404);
  };

  /** The page with what it is about and what it would ask first, as far as that is to be had in time. */
  async function prepared(request: Request, index: Asset, path: string): Promise<Response> {
    const isGuest = !MEMBER.test(request.headers.get("cookie") ?? "");
    const [about, answers] = await Promise.all([
      describe === undefined || !isDescribed(path) ? null : inTime<PageAbout>(describe(path)),
      ask === undefined || !isGuest || !isAnswered(path)
        ? null
        : inTime<FirstAnswers>(firstAnswers(path, (address) => ask(address, request))),
    ]);
    const hinted = {
      isLive: about?.isLive ?? false,
      isAnswered: answers !== null,
      picture: answers?.picture ?? null,
    };
    let html = withHints(new TextDecoder().decode(index.bytes), hints(path, hinted));
    if (about !== null) html = withHead(html, about, path, publicUrl ?? new URL(request.url).origin);
    if (answers !== null) html = withAnswers(html, answersElement(answers.byAddress));
    const bytes = new TextEncoder().encode(html);
    return respond(request, { ...index, bytes, etag: etagOf(bytes), gzip: undefined }, 200);
  }
}

async function inTime<T>(known: Promise<T | null>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, KNOWN_WITHIN_MS, null);
  });
  const found = await Promise.race([known.catch(() => null), late]);
  clearTimeout(timer);
  return found;
}

/** A person opening an address, as opposed to a script asking for data or a page for a file that is missing. */
function isPageView(request: Request, pathname: string): boolean {
  if (/^\/(api|live|vod|metrics)(\/|$)/.test(pathname)) return false;
  const accept = request.headers.get("accept") ?? "";
  // curl, link checkers and uptime monitors send */* or nothing; they still mean the page when they ask for one that exists.
  return accept.includes("text/html") || (isPage(pathname) && (accept === "" || accept.includes("*/*")));
}

function respond(
  request: Request,
  asset: Asset,
  status: 200 | 404,
  security: Readonly<Record<string, string>> = SECURITY_HEADERS,
): Response {
  const headers = new Headers(security);
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

const etagOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64url").slice(0, 22);

function readAssets(distDir: string): ReadonlyMap<string, Asset> {
  const found = new Map<string, Asset>();
  for (const entry of readdirSync(distDir, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined || entry.name.startsWith(".")) continue;
    const file = join(entry.parentPath, entry.name);
    // What the build says of itself.
    if (file.startsWith(join(distDir, ".vite"))) continue;
    const path = `/${file.slice(join(distDir, "/").length).replaceAll("\\", "/")}`;
    const bytes = new Uint8Array(readFileSync(file));
    const etag = etagOf(bytes);
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
