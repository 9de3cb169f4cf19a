/**
 * Requests that the platform makes to addresses that others gave it. The name is looked up once, every address of it must be a public one, and the
 * connection goes to the address that was looked at, so that no second answer of a name server leads elsewhere. No redirect is followed.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublicAddress, isPublicHost } from "@streamhub/db/public-address";

export interface OutboundRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Seconds; null: it says nothing. */
  readonly retryAfter: number | null;
}

export interface Outbound {
  /** Null when an address may be asked as far as it can be seen without looking it up, else why not. */
  refuses(url: string): string | null;
  /** Throws OutboundError for what may not be asked, and whatever keeps the answer from coming within the time. */
  post(url: string, request: OutboundRequest): Promise<OutboundAnswer>;
}

export class OutboundError extends Error {
  override readonly name = "OutboundError";
}

export interface OutboundOptions {
  /** For tests: private addresses, and http. Default false. */
  readonly anywhere?: boolean;
  /** Milliseconds from the look-up to the answer's head. */
  readonly timeout?: number;
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const TIMEOUT = 15_000;
const MAX_RETRY_AFTER = 24 * 3_600;

const resolveAll = async (host: string) => (await lookup(host, { all: true })).map(({ address }) => address);

function secondsOf(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), MAX_RETRY_AFTER) : null;
}

export function makeOutbound({
  anywhere = false,
  timeout = TIMEOUT,
  resolve = resolveAll,
}: OutboundOptions = {}): Outbound {
  const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, "");

  function refuses(text: string): string | null {
    if (!URL.canParse(text)) return "This is no address.";
    const { protocol, username, password, hostname } = new URL(text);
    if (protocol !== "https:" && !(anywhere && protocol === "http:")) return "The address must begin with https://.";
    if (username !== "" || password !== "") return "The address must not have a name or password in it.";
    return !anywhere && !isPublicHost(bare(hostname)) ? "The address is not on the public Internet." : null;
  }

  async function addressOf(hostname: string): Promise<string> {
    const host = bare(hostname);
    const found = isIP(host) === 0 ? await resolve(host) : [host];
    const [first] = found;
    if (first === undefined || (!anywhere && !found.every(isPublicAddress)))
      throw new OutboundError("The address is not on the public Internet.");
    return first;
  }

  return {
    refuses,
    async post(text, { headers, body }) {
      const refusal = refuses(text);
      if (refusal !== null) throw new OutboundError(refusal);
      const signal = AbortSignal.timeout(timeout);
      const url = new URL(text);
      const { host, hostname } = url;
      const address = await addressOf(hostname);
      url.hostname = isIP(address) === 6 ? `[${address}]` : address;
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, host },
        body,
        redirect: "manual",
        // A connection that is kept is known by its address alone: another name could stand behind it.
        keepalive: false,
        signal,
        ...(url.protocol === "https:" ? { tls: { serverName: bare(hostname) } } : {}),
      } as RequestInit);
      await response.body?.cancel();
      return { status: response.status, retryAfter: secondsOf(response.headers.get("retry-after")) };
    },
  };
}
