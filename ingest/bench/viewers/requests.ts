/** Requests of a player: counted by kind and status, bounded in time and size, only to servers that may be loaded. */
import type { Answer } from "../../src/conformance/presentation.ts";
import type { Reporter } from "../load/reporter.ts";

export const RESOURCES = ["multivariant", "manifest", "playlist", "blocking", "init", "segment", "part"] as const;
export type Resource = (typeof RESOURCES)[number];

export interface Got {
  readonly answer: Answer;
  readonly bytes: Uint8Array;
  /** Null: it came, with status 200 or 206. */
  readonly problem: string | null;
  readonly url: string;
}

export interface Requests {
  get(
    url: string,
    as: Resource,
    options?: { readonly range?: string | null; readonly timeoutMs?: number },
  ): Promise<Got>;
}

export interface RequestsOptions {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly isAllowed: (host: string) => boolean;
}

const MAX_BODY = 64 * 1024 * 1024;
const EMPTY = new Uint8Array(0);

export function makeRequests({ reporter, signal, timeoutMs, insecure, isAllowed }: RequestsOptions): Requests {
  async function load(url: string, range: string | null, within: AbortSignal) {
    const parsed = URL.parse(url);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw new Error("it names what is no http address");
    if (!isAllowed(parsed.hostname)) throw new Error(`it leads to another machine, ${parsed.hostname}`);
    const response = await fetch(url, {
      signal: within,
      headers: { "user-agent": "StreamHub-bench", ...(range === null ? {} : { range: `bytes=${range}` }) },
      redirect: "manual",
      ...(insecure ? { tls: { rejectUnauthorized: false } } : {}),
    });
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body ?? []) {
      length += piece.length;
      reporter.count("bytes", piece.length);
      if (length > MAX_BODY) throw new Error("it is larger than 64 MiB");
      pieces.push(piece);
    }
    const bytes = pieces.length === 1 ? pieces[0]! : new Uint8Array(Buffer.concat(pieces));
    return { response, bytes };
  }

  return {
    async get(url, as, { range = null, timeoutMs: own } = {}) {
      const sentAt = Date.now() as Answer["sentAt"];
      const from = performance.now();
      const late = AbortSignal.timeout(own ?? timeoutMs);
      reporter.count(`requests_${as}`);
      try {
        let at = url;
        let { response, bytes } = await load(at, range, AbortSignal.any([late, signal]));
        for (let hop = 0; response.status >= 300 && response.status < 400 && hop < 5; hop++) {
          at = URL.parse(response.headers.get("location") ?? "", at)?.href ?? "";
          ({ response, bytes } = await load(at, range, AbortSignal.any([late, signal])));
        }
        const { status, headers } = response;
        const receivedAt = Date.now() as Answer["receivedAt"];
        const answer: Answer = { status, headers: new Map(headers), sentAt, receivedAt };
        if (status === 200 || status === 206) {
          reporter.observe(`${as}_ms`, performance.now() - from);
          return { answer, bytes, problem: null, url: at };
        }
        reporter.count(status >= 500 ? "status_5xx" : "status_4xx");
        reporter.count(`status_${status}`);
        return { answer, bytes: EMPTY, problem: `the ${as} is answered ${status}`, url: at };
      } catch (error) {
        const answer: Answer = { status: 0, headers: null, sentAt, receivedAt: Date.now() as Answer["receivedAt"] };
        if (signal.aborted) return { answer, bytes: EMPTY, problem: "over", url };
        reporter.count("request_errors");
        const { code, message } = error as Error & { code?: string };
        const why = late.aborted
          ? `the ${as} does not come in time`
          : code === "ConnectionRefused" || code === "ECONNREFUSED"
            ? "nothing listens there"
            : `the ${as} does not come: ${message.split(". ")[0]!.replace(/\.$/, "")}`;
        return { answer, bytes: EMPTY, problem: why, url };
      }
    },
  };
}
