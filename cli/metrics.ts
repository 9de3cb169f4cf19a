/** `/metrics` for Prometheus: with METRICS_TOKEN for whoever has it, without for this machine alone. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Registry } from "prom-client";

export interface MetricsOptions {
  readonly registry: Registry;
  /** METRICS_TOKEN. */
  readonly token: string | null;
}

/** `address`: of the other end of the connection, whatever it says about whom it speaks for. */
export type MetricsPart = (request: Request, address: string | undefined) => Promise<Response>;

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && (address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127."));

/** A proxy on this machine must not pass the path on by mistake. */
const PROXY_HEADERS = ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via"];

const digest = (text: string) => createHash("sha256").update(text).digest();

const refusal = (status: number, text: string, headers: Record<string, string> = {}) =>
  new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
  });

export function makeMetricsPart({ registry, token }: MetricsOptions): MetricsPart {
  const wanted = token === null ? null : digest(token);

  function refuse(request: Request, address: string | undefined): Response | null {
    if (wanted !== null) {
      const given = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
      if (given !== undefined && timingSafeEqual(digest(given), wanted)) return null;
      return refusal(401, "Send the token: Authorization: Bearer METRICS_TOKEN.", {
        "www-authenticate": 'Bearer realm="metrics"',
      });
    }
    const isOurs = isLoopback(address) && !PROXY_HEADERS.some((name) => request.headers.has(name));
    return isOurs ? null : refusal(404, "Not found");
  }

  return async (request, address) => {
    const refused = refuse(request, address);
    if (refused !== null) return refused;
    if (request.method !== "GET" && request.method !== "HEAD") return refusal(405, "GET it", { allow: "GET, HEAD" });
    return new Response(request.method === "HEAD" ? null : await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
  };
}
