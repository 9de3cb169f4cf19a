/** Tells who asks for playlists of live broadcasts: players that never speak to the API are counted by that. */
import type { Broadcast } from "../live/broadcast.ts";
import type { Audience } from "../live/ports.ts";

export type Handler = (request: Request, address?: string) => Response | Promise<Response> | null;

/** What a player asks for again and again: not the multivariant playlist, which link previews read too, and not media, which caches answer. */
const RELOADED =
  /^https?:\/\/[^/?#]*\/live\/([A-Za-z0-9._~-]{1,128})\/(?:manifest\.mpd|[a-z0-9-]{1,32}\/index\.m3u8)(?:[?#]|$)/;

/** `find`: the broadcast of a slug that is live here. A private one tells nothing: its playlists are refused. */
export function withAudience(
  handle: (request: Request, address: string) => Response | Promise<Response> | null,
  find: (slug: string) => Pick<Broadcast, "streamId" | "visibility"> | undefined,
  audience: Audience | null,
): Handler {
  if (audience === null) return (request, address = "") => handle(request, address);
  return (request, address = "") => {
    const slug = request.method === "GET" ? RELOADED.exec(request.url)?.[1] : undefined;
    if (slug !== undefined) {
      const broadcast = find(slug);
      if (broadcast !== undefined && broadcast.streamId !== null && broadcast.visibility !== "private")
        audience.saw(broadcast.streamId, request, address);
    }
    return handle(request, address);
  };
}
