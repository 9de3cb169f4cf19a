import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Broadcast } from "../live/broadcast.ts";
import { makePlayback, type Playback } from "../live/playback.ts";
import { PARTS_STAY, type SegmentWindow } from "../packager/window.ts";
import { type Entry, enter, offline, secluded } from "./entry.ts";
import { flvBody } from "./flv-stream.ts";
import type { FrameFeed } from "./frame-feed.ts";
import { flvSession, frameSession, type MediaSession, type MediaSockets } from "./live-sockets.ts";
import { CORS, plain, preflight } from "./media-response.ts";
import { pictureResponse } from "./picture-response.ts";
import { playlistResponse, UNCACHED } from "./playlist-response.ts";
import type { Publication } from "./publication.ts";
import { NO_DIRECTIVES, readDirectives } from "./reload.ts";
import { type LiveRoute, readRoute } from "./route.ts";
import { growingResponse, mediaResponse, partResponse } from "./segment-response.ts";
import { makeSharedBodies } from "./shared-bodies.ts";
import { makeWaits } from "./waits.ts";

export interface DeliveryOptions {
  readonly now?: () => Milliseconds;
  /** How long a playlist that has no segment yet is waited for. */
  readonly holdMs?: number;
  /** Requests waiting at once; more are told to come again. */
  readonly maxHeld?: number;
  /** The broadcast that is live under a name, for FLV. */
  readonly find?: (slug: string) => Broadcast | undefined;
  readonly sockets?: MediaSockets;
  /** Who may watch what is private; default nobody. */
  readonly playback?: Playback;
  /** Told again and again of those who watch without asking for playlists. */
  readonly onWatching?: (slug: string, request: Request, address: string) => void;
}

export interface PublicationOptions {
  readonly isPrivate: boolean;
  readonly archive?: Publication["archive"];
  readonly feed?: FrameFeed | null;
  readonly pictures?: Publication["pictures"];
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
  handle(request: Request, address?: string): Response | Promise<Response> | null;
  /** Makes a broadcast known, before it has segments. A newer one of the same slug takes its place. */
  open(slug: string, window: SegmentWindow, options: PublicationOptions): Channel;
  /** The least number that a new broadcast of this slug may use for its segments and epochs. */
  nextNumber(slug: string): number;
  /** The same of discontinuity sequence numbers. */
  nextDiscontinuity(slug: string): number;
  readonly stats: {
    readonly channels: number;
    readonly held: number;
    readonly bytes: number;
    /** Playlists made. */
    readonly renders: number;
    /** How often each kind of thing was answered with each status, such as `playlist 200`. */
    readonly answers: ReadonlyMap<string, number>;
  };
  stop(): void;
}

const HOLD_MS = 10_000;
const MAX_HELD = 10_000;
/** Broadcasts of one slug whose segments may still be asked for. */
const MAX_RETIRED = 4;
/** What a player does again and again while it plays. */
const PLAYING: ReadonlySet<LiveRoute["kind"]> = new Set(["playlist", "manifest", "flv", "frames"]);

export function makeDelivery(options: DeliveryOptions = {}): Delivery {
  const now = options.now ?? (() => ms(Date.now()));
  const holdMs = options.holdMs ?? HOLD_MS;
  const maxHeld = options.maxHeld ?? MAX_HELD;
  const playback = options.playback ?? makePlayback(null);
  /** Newest last. A Map: no key from a path means anything else. */
  const channels = new Map<string, Publication[]>();
  const timers = new Set<Timer>();
  const bodies = makeSharedBodies();
  const answers = new Map<string, number>();
  /** Of publications that are gone. */
  let pastRenders = 0;

  const all = (): Publication[] => [...channels.values()].flat();
  const held = (): number => all().reduce((sum, { waits }) => sum + waits.held, 0);
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

  function counted(kind: LiveRoute["kind"], response: Response | Promise<Response>): Response | Promise<Response> {
    const add = ({ status }: Response): void => {
      const what = `${kind} ${status}`;
      answers.set(what, (answers.get(what) ?? 0) + 1);
    };
    if (response instanceof Response) add(response);
    else void response.then(add);
    return response;
  }

  function forget(slug: string, publication: Publication): void {
    pastRenders += publication.renders;
    publication.waits.stop();
    const rest = channels.get(slug)?.filter((each) => each !== publication) ?? [];
    if (rest.length === 0) channels.delete(slug);
    else channels.set(slug, rest);
  }

  /** Null: nothing of this name is live. */
  function isPrivate({ kind, slug }: Exclude<LiveRoute, { kind: "time" }>): boolean | null {
    if (kind !== "flv") return current(slug)?.isPrivate ?? null;
    const broadcast = options.find?.(slug);
    return broadcast === undefined ? null : broadcast.visibility === "private";
  }

  function answer(request: Request, route: LiveRoute, address: string): Response | Promise<Response> {
    if (route.kind === "time") return time(request);
    const { kind, slug } = route;
    const isPlaying = PLAYING.has(kind);
    const entry = enter(playback, request, address, {
      target: { kind: "live", slug },
      isPrivate: isPrivate(route),
      isPlaying,
    });
    if (entry instanceof Response) return entry;
    if (entry === null) return open(request, route, address, null);
    // Others are counted by the playlists that they ask for (withAudience).
    if (isPlaying && request.method === "GET") options.onWatching?.(slug, request, address);
    return secluded(open(request, route, address, entry));
  }

  /** `entry`: of who was let into what is private. */
  function open(
    request: Request,
    route: Exclude<LiveRoute, { kind: "time" }>,
    address: string,
    entry: Entry | null,
  ): Response | Promise<Response> {
    if (route.kind === "flv") return flv(request, route.slug, address, entry);
    const publication = current(route.slug);
    if (publication === undefined) return offline();
    if (route.kind === "frames") return frames(request, publication, route.slug, address, entry);
    if (route.kind === "part") return partResponse(request, publication, route, bodies);
    if (route.kind === "thumbnail" || route.kind === "storyboard" || route.kind === "sheet")
      return pictureResponse(request, publication.pictures, route, entry?.token ?? null);
    if (route.kind === "segment" || route.kind === "init") {
      const known = channels.get(route.slug) ?? [];
      const found = mediaResponse(request, route, known.toReversed(), entry !== null, { now, bodies });
      return found ?? growingResponse(request, publication, route);
    }
    const asked = { request, publication, token: entry?.token ?? null };
    if (route.kind !== "playlist") {
      return playlistResponse(asked, route.kind === "master" ? "master.m3u8" : "manifest.mpd", NO_DIRECTIVES, holdMs);
    }
    const directives = readDirectives(queryOf(request.url));
    if (typeof directives === "string") return plain(400, directives, UNCACHED);
    return playlistResponse(asked, `${route.rendition}/index.m3u8`, directives, holdMs);
  }

  const watching = (slug: string, request: Request, address: string, entry: Entry | null) => () => {
    entry?.keep();
    options.onWatching?.(slug, request, address);
  };

  function upgrade(request: Request, session: MediaSession): Response | null {
    // Whoever made a socket of it has answered.
    return options.sockets?.upgrade(request, session) === true ? new Response(null, { status: 101 }) : null;
  }

  function frames(
    request: Request,
    { feed }: Publication,
    slug: string,
    address: string,
    entry: Entry | null,
  ): Response {
    if (feed === null) return plain(404, "This channel is not given frame by frame: its latency is standard.");
    const session = frameSession(feed, watching(slug, request, address, entry), entry?.leave);
    return upgrade(request, session) ?? plain(426, "This is a WebSocket.", { upgrade: "websocket" });
  }

  function flv(request: Request, slug: string, address: string, entry: Entry | null): Response {
    const broadcast = options.find?.(slug);
    if (broadcast === undefined) return offline();
    if (request.headers.has("upgrade")) {
      const session = flvSession(broadcast, watching(slug, request, address, entry), entry?.leave);
      return upgrade(request, session) ?? plain(400, "This WebSocket handshake is not in order.");
    }
    const headers = { ...CORS, "content-type": "video/x-flv", "cache-control": "no-store" };
    if (request.method === "HEAD") return new Response(null, { headers });
    return new Response(flvBody(broadcast, watching(slug, request, address, entry), entry?.leave), { headers });
  }

  function time(request: Request): Response {
    const body = request.method === "HEAD" ? null : new Date(now()).toISOString();
    return new Response(body, {
      headers: { ...CORS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    });
  }

  return {
    handle(request, address = "") {
      const path = pathOf(request.url);
      const route = readRoute(path);
      if (route === undefined) return null;
      const { method } = request;
      if (method === "OPTIONS") return preflight();
      if (method !== "GET" && method !== "HEAD") {
        return plain(405, "Only GET and HEAD.", { allow: "GET, HEAD, OPTIONS" });
      }
      if (route === null) return plain(404, "No such thing under /live/.");
      return counted(route.kind, answer(request, route, address));
    },
    open(slug, window, { isPrivate, feed = null, archive = null, pictures = null }) {
      const publication: Publication = {
        window,
        isPrivate,
        feed,
        archive,
        pictures,
        lastNumber: 0,
        lastDiscontinuity: 0,
        until: null,
        waits: makeWaits(() => held() < maxHeld),
        rendered: new Map(),
        renders: 0,
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
              publication.lastDiscontinuity = Math.max(
                publication.lastDiscontinuity,
                last.epoch.number - view.epochZero,
              );
            }
          }
          publication.waits.changed();
        },
        ended() {
          // HLS §6.2.2: at the end, segments stay for the duration of the playlist.
          const stay = window.longestPlaylist * 1000;
          publication.until = ms(now() + stay);
          feed?.end();
          publication.waits.changed();
          if (window.view === null) forget(slug, publication);
          else {
            later(stay, () => forget(slug, publication));
            later(PARTS_STAY * window.view.targetDuration * 1000, () => window.retire(now()));
          }
        },
      };
    },
    nextDiscontinuity: (slug) =>
      Math.max(0, ...(channels.get(slug) ?? []).map(({ lastDiscontinuity }) => lastDiscontinuity + 1)),
    nextNumber: (slug) => Math.max(0, ...(channels.get(slug) ?? []).map(({ lastNumber }) => lastNumber + 1)),
    get stats() {
      let bytes = 0;
      for (const publications of channels.values()) for (const { window } of publications) bytes += window.size;
      const renders = all().reduce((sum, publication) => sum + publication.renders, pastRenders);
      return { channels: channels.size, held: held(), bytes, renders, answers };
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const { waits } of all()) waits.stop();
      channels.clear();
    },
  };
}

/** With its question mark; empty when there is none. */
function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start);
}

/** The path of an absolute URL, without parsing what does not matter. Percent-encoding is not decoded: no name of ours needs it. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
