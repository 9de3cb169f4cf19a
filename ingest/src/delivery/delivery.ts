import { type Milliseconds, ms } from "../bytes/units.ts";
import type { SegmentWindow } from "../packager/window.ts";
import { type Body, CORS, plain, respond } from "./media-response.ts";
import { type PlaylistName, type Publication, playlistOf } from "./publication.ts";
import { type LiveRoute, readRoute } from "./route.ts";

export interface DeliveryOptions {
  readonly now?: () => Milliseconds;
  /** How long a playlist that has no segment yet is waited for. */
  readonly holdMs?: number;
  /** Requests waiting at once; more are told to come again. */
  readonly maxHeld?: number;
}

/** The packaging side of one broadcast's publication. */
export interface Channel {
  /** Something changed in its window. */
  changed(): void;
  /** It is over: what is listed stays for as long as players may need it. */
  ended(): void;
}

export interface Delivery {
  /** Null when the path is not one of ours. Never throws. */
  handle(request: Request): Response | Promise<Response> | null;
  /** Makes a broadcast known, before it has segments. A newer one of the same slug takes its place. */
  open(slug: string, window: SegmentWindow, options: { readonly isPrivate: boolean }): Channel;
  /** The least number that a new broadcast of this slug may use for its segments and epochs. */
  nextNumber(slug: string): number;
  readonly stats: { readonly channels: number; readonly held: number; readonly bytes: number };
  stop(): void;
}

const HOLD_MS = 10_000;
const MAX_HELD = 10_000;
/** Broadcasts of one slug whose segments may still be asked for. */
const MAX_RETIRED = 4;
const IMMUTABLE = "public, max-age=31536000, immutable";

export function makeDelivery(options: DeliveryOptions = {}): Delivery {
  const now = options.now ?? (() => ms(Date.now()));
  const holdMs = options.holdMs ?? HOLD_MS;
  const maxHeld = options.maxHeld ?? MAX_HELD;
  /** Newest last. A Map: no key from a path means anything else. */
  const channels = new Map<string, Publication[]>();
  const timers = new Set<Timer>();
  let held = 0;

  const current = (slug: string): Publication | undefined => channels.get(slug)?.at(-1);

  function later(delay: number, action: () => void): Timer {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, delay);
    timer.unref();
    timers.add(timer);
    return timer;
  }

  function forget(slug: string, publication: Publication): void {
    const rest = channels.get(slug)?.filter((each) => each !== publication) ?? [];
    if (rest.length === 0) channels.delete(slug);
    else channels.set(slug, rest);
  }

  function answer(request: Request, route: LiveRoute): Response | Promise<Response> {
    if (route.kind === "time") return time(request);
    const publication = current(route.slug);
    if (publication === undefined || publication.isPrivate) return offline();
    if (route.kind === "segment" || route.kind === "init") return media(request, route);
    const name: PlaylistName =
      route.kind === "master"
        ? "master.m3u8"
        : route.kind === "manifest"
          ? "manifest.mpd"
          : `${route.rendition}/index.m3u8`;
    if (publication.window.view === null) return hold(request, publication, name);
    return playlist(request, publication, name);
  }

  function time(request: Request): Response {
    const body = request.method === "HEAD" ? null : new Date(now()).toISOString();
    return new Response(body, {
      headers: { ...CORS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    });
  }

  function playlist(request: Request, publication: Publication, name: PlaylistName): Response {
    const { view } = publication.window;
    const rendered = view === null ? null : playlistOf(publication, view, name);
    if (view === null || rendered === null) return plain(404, "No such playlist.");
    const type = name === "manifest.mpd" ? "application/dash+xml" : "application/vnd.apple.mpegurl";
    const { bytes, etag } = rendered;
    // Half a target duration: a cache must not make players late.
    const cacheControl = `public, max-age=${Math.floor(view.targetDuration / 2)}`;
    return respond(request, { bytes, type, cacheControl, etag });
  }

  /** Live, but nothing to show yet: the first segment is at most a GOP away. */
  async function hold(request: Request, publication: Publication, name: PlaylistName): Promise<Response> {
    if (held >= maxHeld) return notYet();
    held++;
    const timeout = Promise.withResolvers<void>();
    const timer = later(holdMs, timeout.resolve);
    try {
      await Promise.race([publication.ready.promise, timeout.promise]);
    } finally {
      held--;
      clearTimeout(timer);
      timers.delete(timer);
    }
    if (publication.window.view !== null) return playlist(request, publication, name);
    return publication.until === null ? notYet() : offline();
  }

  function media(request: Request, route: LiveRoute & { kind: "segment" | "init" }): Response {
    const publications = channels.get(route.slug) ?? [];
    for (const { window } of publications.toReversed()) {
      window.setTime(now());
      const body = route.kind === "segment" ? segment(window, route) : init(window, route);
      if (body !== null) return respond(request, body);
    }
    return plain(404, "No such segment, or no longer.");
  }

  function segment(window: SegmentWindow, route: LiveRoute & { kind: "segment" }): Body | null {
    const found = window.segment(route.rendition, route.number);
    if (found === null) return null;
    const kind = found.epoch.tracks.find(({ rendition }) => rendition === route.rendition)!.track.kind;
    const etag = `"${route.rendition}-${found.number}"`;
    return { bytes: found.bytes, type: `${kind}/mp4`, cacheControl: IMMUTABLE, etag };
  }

  function init(window: SegmentWindow, route: LiveRoute & { kind: "init" }): Body | null {
    const found = window.init(route.rendition, route.epoch);
    if (found === null) return null;
    const etag = `"${route.rendition}-i${route.epoch}"`;
    return { bytes: found.init, type: `${found.track.kind}/mp4`, cacheControl: IMMUTABLE, etag };
  }

  return {
    handle(request) {
      const path = pathOf(request.url);
      const route = readRoute(path);
      if (route === undefined) return null;
      const { method } = request;
      if (method === "OPTIONS") return preflight();
      if (method !== "GET" && method !== "HEAD") {
        return plain(405, "Only GET and HEAD.", { allow: "GET, HEAD, OPTIONS" });
      }
      return route === null ? plain(404, "No such thing under /live/.") : answer(request, route);
    },
    open(slug, window, { isPrivate }) {
      const publication: Publication = {
        window,
        isPrivate,
        lastNumber: 0,
        until: null,
        ready: Promise.withResolvers<void>(),
        rendered: new Map(),
      };
      const retired = (channels.get(slug) ?? []).slice(-MAX_RETIRED);
      channels.set(slug, [...retired, publication]);
      return {
        changed() {
          const { view } = window;
          if (view === null) return;
          for (const { segments } of view.renditions) {
            const last = segments.at(-1);
            if (last !== undefined) {
              publication.lastNumber = Math.max(publication.lastNumber, last.number, last.epoch.number);
            }
          }
          publication.ready.resolve();
        },
        ended() {
          // HLS §6.2.2: at the end, segments stay for the duration of the playlist.
          const stay = window.longestPlaylist * 1000;
          publication.until = ms(now() + stay);
          publication.ready.resolve();
          if (window.view === null) forget(slug, publication);
          else later(stay, () => forget(slug, publication));
        },
      };
    },
    nextNumber: (slug) => Math.max(0, ...(channels.get(slug) ?? []).map(({ lastNumber }) => lastNumber + 1)),
    get stats() {
      let bytes = 0;
      for (const publications of channels.values()) for (const { window } of publications) bytes += window.size;
      return { channels: channels.size, held, bytes };
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const publications of channels.values()) for (const { ready } of publications) ready.resolve();
      channels.clear();
    },
  };
}

function offline(): Response {
  return plain(404, "This channel is not live.");
}

function notYet(): Response {
  return plain(503, "The broadcast has just begun; come again.", { "retry-after": "1", "cache-control": "no-store" });
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers": "range, if-none-match, if-range",
      "access-control-max-age": "86400",
    },
  });
}

/** The path of an absolute URL, without parsing what does not matter. Percent-encoding is not decoded: no name of ours needs it. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
