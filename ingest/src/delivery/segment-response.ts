/** Answers with media: parts, segments that grow, segments in memory and in the storage, initialization segments. */
import type { Milliseconds } from "../bytes/units.ts";
import type { SegmentWindow } from "../packager/window.ts";
import { growingBody, partsOf } from "./growing.ts";
import { type Body, CORS, plain, respond, respondFrom } from "./media-response.ts";
import { HELD_TARGETS, late } from "./playlist-response.ts";
import type { Publication } from "./publication.ts";
import type { LiveRoute } from "./route.ts";
import type { SharedBodies } from "./shared-bodies.ts";

export interface MediaContext {
  readonly now: () => Milliseconds;
  readonly bodies: SharedBodies;
}

const IMMUTABLE = "public, max-age=31536000, immutable";

/** §6.2.6: the part that a hint names is waited for. */
export async function partResponse(
  request: Request,
  { window, waits }: Publication,
  { rendition, prefix, index }: LiveRoute & { kind: "part" },
  bodies: SharedBodies,
): Promise<Response> {
  const { view } = window;
  const known = view?.renditions.find(({ name }) => name === rendition);
  const isOurs = view?.lowLatency?.prefix === prefix && known !== undefined;
  if (isOurs && index === known.nextPart && !view.hasEnded) {
    const isSo = () => window.part(rendition, index) !== null || window.view?.hasEnded === true;
    const timeout = HELD_TARGETS * view.targetDuration * 1000;
    if (!(await waits.until(`${rendition}/p${index}`, isSo, timeout))) return late();
  }
  const found = isOurs ? window.part(rendition, index) : null;
  if (found === null) return plain(404, "No such part, or no longer.");
  const etag = `"${rendition}-p${prefix}-${index}"`;
  return respond(request, {
    bytes: bodies.of(found.bytes),
    type: `${known!.kind}/mp4`,
    cacheControl: IMMUTABLE,
    etag,
  });
}

/** The segment that grows now, or the next one. */
export async function growingResponse(
  request: Request,
  { window, waits }: Publication,
  route: LiveRoute,
): Promise<Response> {
  const missing = () => plain(404, "No such segment, or no longer.");
  const { view } = window;
  if (route.kind !== "segment" || view === null || view.lowLatency === null || view.hasEnded) return missing();
  const { rendition, number } = route;
  const known = view.renditions.find(({ name }) => name === rendition);
  if (known === undefined || number !== (known.segments.at(-1)?.number ?? 0) + 1) return missing();
  const timeout = HELD_TARGETS * view.targetDuration * 1000;
  const isSo = () => partsOf(window, rendition, number) !== null || window.view?.hasEnded === true;
  if (!(await waits.until(`${rendition}/${number}`, isSo, timeout))) return late();
  if (partsOf(window, rendition, number) === null) return missing();
  const headers = { ...CORS, "content-type": `${known.kind}/mp4`, "cache-control": IMMUTABLE };
  const body = request.method === "HEAD" ? null : growingBody(window, waits, rendition, number, timeout);
  return new Response(body, { headers });
}

/** Of the newest of a channel's publications that has it; null when none has. `isAdmitted`: with a token. */
export function mediaResponse(
  request: Request,
  route: LiveRoute & { kind: "segment" | "init" },
  publications: readonly Publication[],
  isAdmitted: boolean,
  { now, bodies }: MediaContext,
): Response | Promise<Response> | null {
  for (const publication of publications) {
    const { window, isPrivate: needsToken } = publication;
    // The channel may have been private when it was live before.
    if (needsToken && !isAdmitted) continue;
    window.setTime(now());
    const body = route.kind === "segment" ? segment(window, route, bodies) : init(window, route);
    if (body !== null) return respond(request, body);
    if (route.kind !== "segment") continue;
    const past = stored(request, publication, route);
    if (past !== null) return past;
  }
  return null;
}

/** What players rewind to. */
function stored(
  request: Request,
  { window, archive }: Publication,
  { rendition, number }: LiveRoute & { kind: "segment" },
): Promise<Response> | null {
  const found = window.past(rendition, number);
  if (found === null || found.kind === "gap" || archive === null) return null;
  const kind = found.epoch.tracks.find((track) => track.rendition === rendition)!.track.kind;
  const etag = `"${rendition}-${number}"`;
  const body = { size: found.size, type: `${kind}/mp4`, cacheControl: IMMUTABLE, etag };
  return respondFrom(request, body, (range) => archive.read(rendition, number, range)).then(
    (response) => response ?? plain(404, "No such segment, or no longer."),
    () => plain(503, "The storage does not answer; come again.", { "retry-after": "1", "cache-control": "no-store" }),
  );
}

function segment(window: SegmentWindow, route: LiveRoute & { kind: "segment" }, bodies: SharedBodies): Body | null {
  const found = window.segment(route.rendition, route.number);
  if (found === null) return null;
  const kind = found.epoch.tracks.find(({ rendition }) => rendition === route.rendition)!.track.kind;
  const etag = `"${route.rendition}-${found.number}"`;
  return { bytes: bodies.of(found.bytes), type: `${kind}/mp4`, cacheControl: IMMUTABLE, etag };
}

function init(window: SegmentWindow, route: LiveRoute & { kind: "init" }): Body | null {
  const found = window.init(route.rendition, route.epoch);
  if (found === null) return null;
  const etag = `"${route.rendition}-i${route.epoch}"`;
  return { bytes: found.init, type: `${found.track.kind}/mp4`, cacheControl: IMMUTABLE, etag };
}
