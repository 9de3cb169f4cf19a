/** Requests for media as spans: every download, as it may start an ffmpeg, and of the many others some. */
import { NO_SPAN, type Span, type Tracer } from "../live/trace.ts";

type Handle = (request: Request, address?: string) => Response | Promise<Response> | null;

/** Of requests for playlists, segments and the like. */
const SHARE = 0.01;
const PATH =
  /^[a-z]+:\/\/[^/?#]*\/(live|vod)\/[^?#]*?(download\.mp4|\.(?:m3u8|mpd|m4s|mp4|webp|vtt|flv)|\/ws)?(?:[?#]|$)/i;

/** Its kind, in few words: never the path itself. */
function routeOf(url: string): { readonly route: string; readonly isDownload: boolean } | null {
  const [, root, end] = PATH.exec(url) ?? [];
  if (root === undefined) return null;
  const isDownload = root.toLowerCase() === "vod" && end === "download.mp4";
  const rest = end === undefined ? "*" : isDownload ? ":id/download.mp4" : end.startsWith(".") ? `*${end}` : "*/ws";
  return { route: `/${root.toLowerCase()}/${rest}`, isDownload };
}

const spans = new WeakMap<Request, Span>();
/** The span of a request that is being answered. */
export const spanOf = (request: Request): Span => spans.get(request) ?? NO_SPAN;

export function withTraces(handle: Handle, tracer: Tracer | null): Handle {
  if (tracer === null) return handle;
  return (request, address) => {
    const found = routeOf(request.url);
    if (found === null) return handle(request, address);
    const span = tracer.start(`${request.method} ${found.route}`, {
      kind: "server",
      parent: request.headers.get("traceparent"),
      share: found.isDownload ? 1 : SHARE,
      attributes: { "http.request.method": request.method, "http.route": found.route },
    });
    if (span.traceId === null) return handle(request, address);
    spans.set(request, span);
    const done = (response: Response | null) => {
      const status = response instanceof Response ? response.status : response === null ? 404 : 101;
      span.end(status >= 500 ? `${status}` : null, { "http.response.status_code": status });
      return response;
    };
    const failed = (error: unknown): never => {
      span.end("500");
      throw error;
    };
    try {
      const answer = handle(request, address);
      return answer instanceof Promise ? answer.then((response) => done(response)!, failed) : done(answer);
    } catch (error) {
      return failed(error);
    }
  };
}
