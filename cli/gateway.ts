/**
 * What the gateway asks before it passes on a request for live media: which ingest node has them. It answers every channel alike, private
 * ones too: who may have the media is decided by the node, by the token. So it is for the gateway alone, and there only with GATEWAY_TOKEN.
 */
import { type Bus, findPlace } from "@streamhub/db";
import { bearerOf, makeTokenCheck } from "./bearer.ts";
import type { Part } from "./http.ts";

const PATH = /^\/gateway\/ingest\/([A-Za-z0-9_-]{1,100})$/;

export interface GatewayOptions {
  readonly bus: Bus;
  /** GATEWAY_TOKEN; null: nobody is answered. */
  readonly token: string | null;
}

/** 204 with the node's URL in `X-Ingest`; without it where nobody has the channel: any node says so. */
export function makeGatewayPart({ bus, token }: GatewayOptions): Part {
  const isToken = token === null ? () => false : makeTokenCheck(token);
  return (request, _address, path) => {
    const slug = PATH.exec(path)?.[1];
    // As if there were nothing: it is nobody else's business that there is.
    if (slug === undefined || request.method !== "GET" || !isToken(bearerOf(request))) return null;
    return answer(bus, slug);
  };
}

async function answer(bus: Bus, slug: string): Promise<Response> {
  const url = await findPlace(bus, slug);
  return new Response(null, {
    status: 204,
    headers: { "cache-control": "max-age=1", ...(url === null ? {} : { "x-ingest": url }) },
  });
}
