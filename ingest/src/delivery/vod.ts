/** `Request -> Response` for recordings: the files that were written while it was live, under playlists that do not change. */
import type { Playback } from "../live/playback.ts";
import { renderMpd } from "../packager/dash-mpd.ts";
import { initName, segmentName } from "../packager/hls-lines.ts";
import { mediaPlaylistPieces } from "../packager/hls-media.ts";
import { renderMultivariantPlaylist } from "../packager/hls-multivariant.ts";
import { STORYBOARD_NAME, sheetName, withToken } from "../pictures/storyboard.ts";
import { initKey, recordingPrefix, segmentKey } from "../recording/names.ts";
import type { Recording } from "../recording/recording.ts";
import type { Recordings } from "../recording/recordings.ts";
import { type Entry, enter, secluded } from "./entry.ts";
import { plain, preflight, respond, respondFrom } from "./media-response.ts";
import { carrying, joined, type PlaylistName, type Rendered } from "./publication.ts";
import { readVodRoute, type VodRoute } from "./vod-route.ts";

export interface VodOptions {
  readonly recordings: Pick<Recordings, "storage" | "read" | "access">;
  readonly playback: Playback;
  /** Gives a recording as one file. */
  readonly download?: (request: Request, streamId: number, recording: Recording) => Promise<Response>;
  /** Told of each player that asks for something to play. */
  readonly onWatching?: (streamId: number, request: Request, address: string) => void;
}

const IMMUTABLE = "public, max-age=31536000, immutable";
/** It does not change, but it may be deleted, or become private. */
const SHORT = "public, max-age=60";
/** A place that a token gives is kept by what a player asks for: of a recording it asks for playlists only once. */
const PLAYING: ReadonlySet<VodRoute["kind"]> = new Set(["playlist", "manifest", "segment", "download"]);
const MAX_RENDERED = 64;
const text = new TextEncoder();

const missing = (): Response => plain(404, "There is no such recording.");
const away = (): Response =>
  plain(503, "The storage does not answer; come again.", { "retry-after": "2", "cache-control": "no-store" });

/** Null when the path is not one of ours. Never throws. */
export function makeVod({ recordings, playback, download, onWatching }: VodOptions) {
  const rendered = new WeakMap<Recording, Map<string, Rendered>>();

  async function answer(request: Request, route: VodRoute, address: string): Promise<Response> {
    const { streamId } = route;
    const access = await recordings.access(streamId);
    const entry = enter(playback, request, address, {
      target: { kind: "vod", streamId },
      isPrivate: access === null ? null : access.visibility === "private",
      isPlaying: PLAYING.has(route.kind),
    });
    // Nobody is told a private recording from none.
    if (entry instanceof Response) return entry.status === 404 ? missing() : entry;
    if (access === null) return missing();
    if (request.method === "GET" && PLAYING.has(route.kind)) onWatching?.(streamId, request, address);
    const found = open(request, route, entry).catch(away);
    return entry === null ? found : secluded(found);
  }

  async function open(request: Request, route: VodRoute, entry: Entry | null): Promise<Response> {
    const recording = await recordings.read(route.streamId);
    if (recording === null) return missing();
    switch (route.kind) {
      case "segment":
      case "init":
        return media(request, route, recording);
      case "download":
        return download === undefined ? missing() : download(request, route.streamId, recording);
      case "storyboard":
      case "sheet":
        return picture(request, route.streamId, route.kind === "sheet" ? route.number : null, entry);
      case "master":
        return playlist(request, recording, "master.m3u8", entry);
      case "manifest":
        return playlist(request, recording, "manifest.mpd", entry);
      case "playlist":
        return playlist(request, recording, `${route.rendition}/index.m3u8`, entry);
    }
  }

  function playlist(request: Request, recording: Recording, name: PlaylistName, entry: Entry | null): Response {
    const ready = rendered.get(recording) ?? new Map<string, Rendered>();
    rendered.set(recording, ready);
    let known = ready.get(name);
    if (known === undefined) {
      const bytes = render(recording, name);
      if (bytes === null) return plain(404, "No such playlist.");
      known = { version: 0, bytes, etag: `"${Bun.hash(bytes).toString(36)}"`, pieces: null };
      if (ready.size < MAX_RENDERED) ready.set(name, known);
    }
    const { bytes, etag } = entry === null ? known : carrying(known, name, entry.token);
    const type = name === "manifest.mpd" ? "application/dash+xml" : "application/vnd.apple.mpegurl";
    return respond(request, { bytes, type, cacheControl: SHORT, etag });
  }

  /** `sheet` null: the storyboard that names them. */
  async function picture(
    request: Request,
    streamId: number,
    sheet: number | null,
    entry: Entry | null,
  ): Promise<Response> {
    const name = sheet === null ? STORYBOARD_NAME : sheetName(sheet);
    const stored = await recordings.storage.get(`${recordingPrefix(streamId)}${name}`);
    if (stored === null) return plain(404, "No such picture.");
    const bytes = sheet === null && entry !== null ? withToken(stored, entry.token) : stored;
    const [type, cacheControl] = sheet === null ? ["text/vtt", SHORT] : ["image/webp", IMMUTABLE];
    return respond(request, {
      bytes,
      type: type!,
      cacheControl: cacheControl!,
      etag: `"${Bun.hash(bytes).toString(36)}"`,
    });
  }

  async function media(
    request: Request,
    route: VodRoute & { kind: "segment" | "init" },
    { view }: Recording,
  ): Promise<Response> {
    const { rendition, number, streamId } = route;
    const gone = () => plain(404, "No such segment.");
    const known = view.renditions.find(({ name }) => name === rendition);
    if (known?.past == null) return gone();
    const common = { type: `${known.kind}/mp4`, cacheControl: IMMUTABLE };
    const prefix = recordingPrefix(streamId);
    const { storage } = recordings;
    if (route.kind === "init") {
      const bytes = await storage.get(initKey(prefix, rendition, number));
      return bytes === null
        ? gone()
        : respond(request, { ...common, bytes, etag: `"v${streamId}-${initName(number)}"` });
    }
    const segment = known.past.log.at(number);
    if (segment === null || segment.kind === "gap") return gone();
    const body = { ...common, size: segment.size, etag: `"v${streamId}-${rendition}-${segmentName(number)}"` };
    return (
      (await respondFrom(request, body, (range) => storage.read(segmentKey(prefix, rendition, number), range))) ??
      gone()
    );
  }

  return {
    handle(request: Request, address = ""): Response | Promise<Response> | null {
      const route = readVodRoute(request.url);
      if (route === undefined) return null;
      const { method } = request;
      if (method === "OPTIONS") return preflight();
      if (method !== "GET" && method !== "HEAD")
        return plain(405, "Only GET and HEAD.", { allow: "GET, HEAD, OPTIONS" });
      return route === null ? plain(404, "No such thing under /vod/.") : answer(request, route, address);
    },
  };
}

function render({ view }: Recording, name: PlaylistName): Uint8Array | null {
  if (name === "master.m3u8")
    return text.encode(renderMultivariantPlaylist(view, (rendition) => `${rendition}/index.m3u8`));
  if (name === "manifest.mpd") {
    const options = { timeUri: "/live/time", baseOf: (rendition: string) => `${rendition}/`, isRecording: true };
    return text.encode(renderMpd(view, options));
  }
  const rendition = view.renditions.find((each) => `${each.name}/index.m3u8` === name);
  return rendition === undefined ? null : joined(mediaPlaylistPieces(view, rendition, { isRecording: true }));
}
