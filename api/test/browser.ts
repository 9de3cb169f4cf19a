/** A browser as the API sees one: it keeps cookies by path, names its Origin on writes, and its page repeats the CSRF cookie. */
import type { TestPlatform } from "./platform.ts";

export interface Browser {
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Value of a cookie, whatever its path. */
  cookie(name: string): string | undefined;
  /** A cookie that runs out. */
  drop(name: string): void;
  /** Another tab: the same cookies from now on, each tab sends what the jar holds. */
  readonly jar: Map<string, { readonly value: string; readonly path: string }>;
}

export const ORIGIN = "http://localhost";

export function makeBrowser(platform: Pick<TestPlatform, "request">, address = "192.0.2.1"): Browser {
  const jar: Browser["jar"] = new Map();

  function keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split("; ");
      const [name = "", value = ""] = pair.split("=");
      const path = attributes.find((attribute) => attribute.startsWith("Path="))?.slice(5) ?? "/";
      if (attributes.includes("Max-Age=0")) jar.delete(name);
      else jar.set(name, { value, path });
    }
  }

  return {
    jar,
    cookie: (name) => jar.get(name)?.value,
    drop: (name) => void jar.delete(name),
    async request(method, path, body, headers = {}) {
      const sent = [...jar].filter(([, cookie]) => path.startsWith(cookie.path));
      const csrf = jar.get("streamhub_csrf")?.value;
      const response = await platform.request(method, path, body, {
        "x-test-address": address,
        ...(sent.length === 0 ? {} : { cookie: sent.map(([name, { value }]) => `${name}=${value}`).join("; ") }),
        ...(method === "GET" ? {} : { origin: ORIGIN }),
        ...(method === "GET" || csrf === undefined ? {} : { "x-csrf-token": csrf }),
        ...headers,
      });
      keep(response);
      return response;
    },
  };
}
