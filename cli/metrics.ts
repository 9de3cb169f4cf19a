/** What operators read, `/metrics` (Prometheus) and `/stat` (nginx-rtmp's XML): with METRICS_TOKEN for whoever has it, without for this machine alone. */
import type { Registry } from "prom-client";
import { bearerOf, makeTokenCheck } from "./bearer.ts";

export interface MetricsOptions {
  readonly registry: Registry;
  /** METRICS_TOKEN. */
  readonly token: string | null;
  /** Answers `/stat`; default: there is none. */
  readonly stat?: () => string;
}

export const isMetricsPath = (path: string): boolean => path === "/metrics" || path === "/stat";

/** `address`: of the other end of the connection, whatever it says about whom it speaks for. */
export type MetricsPart = (request: Request, address: string | undefined) => Promise<Response>;

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && (address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127."));

/** A proxy on this machine must not pass the path on by mistake. */
const PROXY_HEADERS = ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via"];

const refusal = (status: number, text: string, headers: Record<string, string> = {}) =>
  new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
  });

/** Readers of `/stat` take an address and nothing else, `http://any:TOKEN@host/stat`: it becomes Basic (RFC 7617), with the token as the password. */
function passwordOf(authorization: string): string | undefined {
  const given = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1];
  const pair = given === undefined ? "" : Buffer.from(given, "base64").toString();
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

export function makeMetricsPart({ registry, token, stat }: MetricsOptions): MetricsPart {
  const isToken = token === null ? null : makeTokenCheck(token);

  function refuse(request: Request, address: string | undefined, isStat: boolean): Response | null {
    if (isToken !== null) {
      const authorization = request.headers.get("authorization") ?? "";
      if (isToken(bearerOf(request) ?? (isStat ? passwordOf(authorization) : undefined))) return null;
      return refusal(401, "Send the token: Authorization: Bearer METRICS_TOKEN.", {
        "www-authenticate": 'Bearer realm="metrics"',
      });
    }
    const isOurs = isLoopback(address) && !PROXY_HEADERS.some((name) => request.headers.has(name));
    return isOurs ? null : refusal(404, "Not found");
  }

  return async (request, address) => {
    const isStat = new URL(request.url).pathname === "/stat";
    const read = isStat ? stat : () => registry.metrics();
    if (read === undefined) return refusal(404, "Not found");
    const refused = refuse(request, address, isStat);
    if (refused !== null) return refused;
    if (request.method !== "GET" && request.method !== "HEAD") return refusal(405, "GET it", { allow: "GET, HEAD" });
    return new Response(request.method === "HEAD" ? null : await read(), {
      headers: {
        "content-type": isStat ? "text/xml; charset=utf-8" : registry.contentType,
        "cache-control": "no-store",
      },
    });
  };
}
