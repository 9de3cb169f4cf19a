/** Answers with playlists and manifests: at once, or when they have what a reload waits for (draft-pantos-hls-rfc8216bis §6.2.5). */
import { offline } from "./entry.ts";
import { plain, respond } from "./media-response.ts";
import { carrying, type PlaylistName, type Publication, playlistOf } from "./publication.ts";
import { type Directives, isThere, isTooFar } from "./reload.ts";

/** §6.2.5.2: what is held longer than three target durations is given up. */
export const HELD_TARGETS = 3;
/** How long caches may keep the answer to a blocking reload, in target durations. */
const RELOAD_TARGETS = 6;
export const UNCACHED = { "cache-control": "no-store" };

/** Somebody asks for a playlist. */
export interface Asked {
  readonly request: Request;
  readonly publication: Publication;
  /** Goes on into the URIs of the playlist. */
  readonly token: string | null;
}

/** A playlist, as soon as there is one with what is asked for. */
export function playlistResponse(
  asked: Asked,
  name: PlaylistName,
  directives: Directives,
  holdMs: number,
): Response | Promise<Response> {
  const { view } = asked.publication.window;
  if (view === null) return first(asked, name, directives, holdMs);
  const { msn, part: index } = directives;
  const rendition = view.renditions.find((each) => name === `${each.name}/index.m3u8`);
  if (msn === null || rendition === undefined || view.lowLatency === null || view.hasEnded) {
    // Half a target duration: a cache must not make players late.
    return rendered(asked, name, directives, Math.floor(view.targetDuration / 2));
  }
  if (isTooFar(rendition, msn)) return plain(400, "_HLS_msn is more than two segments ahead.", UNCACHED);
  return reload(asked, name, directives, rendition.name, msn, index);
}

/** §6.2.5.2: the answer is held until the playlist has the segment, or part. */
async function reload(
  asked: Asked,
  name: PlaylistName,
  directives: Directives,
  rendition: string,
  msn: number,
  index: number | null,
): Promise<Response> {
  const { window, waits } = asked.publication;
  const { targetDuration } = window.view!;
  const isSo = () => isThere(window.view!, rendition, msn, index);
  const found = await waits.until(
    `${rendition}/${msn}.${index ?? "whole"}`,
    isSo,
    HELD_TARGETS * targetDuration * 1000,
  );
  if (!found) return late();
  // Its URL names one moment of the playlist: a cache may keep it for as long as anybody can want it.
  return rendered(asked, name, directives, RELOAD_TARGETS * targetDuration);
}

function rendered(
  { request, publication, token }: Asked,
  name: PlaylistName,
  { skip }: Directives,
  maxAge: number,
): Response {
  const common = playlistOf(publication, publication.window.view!, name, skip);
  if (common === null) return plain(404, "No such playlist.");
  const body = token === null ? common : carrying(common, name, token);
  const type = name === "manifest.mpd" ? "application/dash+xml" : "application/vnd.apple.mpegurl";
  return respond(request, { bytes: body.bytes, type, cacheControl: `public, max-age=${maxAge}`, etag: body.etag });
}

/** Live, but nothing to show yet: the first segment is at most a GOP away. */
async function first(asked: Asked, name: PlaylistName, directives: Directives, holdMs: number): Promise<Response> {
  const { publication } = asked;
  const { window, waits } = publication;
  await waits.until("the first segment", () => window.view !== null || publication.until !== null, holdMs);
  if (window.view !== null) return playlistResponse(asked, name, directives, holdMs);
  return publication.until === null ? notYet() : offline();
}

function notYet(): Response {
  return plain(503, "The broadcast has just begun; come again.", { "retry-after": "1", "cache-control": "no-store" });
}

export function late(): Response {
  return plain(503, "What was asked for did not come in time; come again.", {
    "retry-after": "1",
    "cache-control": "no-store",
  });
}
