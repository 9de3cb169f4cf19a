/** A recording as one file that is downloaded. It is made when it is first asked for; whoever asks waits, and is sent on to wait again. */
import type { Downloads } from "../recording/downloads.ts";
import type { Recording } from "../recording/recording.ts";
import { plain, respondFrom } from "./media-response.ts";
import { spanOf } from "./traced.ts";

/** Longer than browsers and proxies like to wait without an answer is not waited at once. */
const WAIT = 20_000;
/** How often one is sent on: browsers give up after twenty. */
const MAX_TURNS = 15;
const UNCACHED = { "cache-control": "no-store" };

export function makeDownload(downloads: Downloads, waitMs = WAIT) {
  return async (request: Request, streamId: number, recording: Recording): Promise<Response> => {
    const made = downloads.file(streamId, recording, spanOf(request));
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), waitMs);
    const file = await Promise.race([made, late.promise]);
    clearTimeout(timer);
    switch (file) {
      case "late":
        return again(request);
      case "busy":
        return plain(503, "Other downloads are being made ready; come again.", { "retry-after": "30", ...UNCACHED });
      case "no-room":
        return plain(507, "The server's disk has no room to make this download ready.", UNCACHED);
      case "failed":
        return plain(500, "This recording can't be made one file; it plays as HLS and DASH.", UNCACHED);
    }
    const common = { type: "video/mp4", cacheControl: "public, max-age=60", etag: downloads.etag(streamId, recording) };
    const response = await respondFrom(request, { ...common, size: file.size }, async (range) => {
      const whole = Bun.file(file.path);
      return range === undefined ? whole : whole.slice(range.start, range.end + 1);
    });
    response?.headers.set("content-disposition", `attachment; filename="recording-${streamId}.mp4"`);
    return response ?? plain(404, "There is no such recording.");
  };
}

function again({ url }: Request): Response {
  const next = new URL(url);
  const turn = Number(next.searchParams.get("turn") ?? 0) + 1;
  if (!(turn <= MAX_TURNS))
    return plain(503, "This download is being made ready; come again.", { "retry-after": "30", ...UNCACHED });
  next.searchParams.set("turn", String(turn));
  return new Response(null, { status: 307, headers: { location: `download.mp4${next.search}`, ...UNCACHED } });
}
