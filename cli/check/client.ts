/** What `check` fetches with: bounded in time, bytes and redirects. */
import type { Answer } from "@streamhub/ingest/conformance/presentation";
import { Failure } from "../failure.ts";

export interface Fetched {
  /** Where redirects led. */
  readonly url: string;
  readonly answer: Answer;
  /** Empty when it was not answered with 200 or 206. */
  readonly bytes: Uint8Array;
  /** Why nothing came; then the status is 0. */
  readonly error: string | null;
}

export interface GetOptions {
  /** `START-END`. */
  readonly range?: string | null;
  readonly timeoutMs?: number;
  readonly method?: "GET" | "HEAD";
}

export interface Client {
  /** Never rejects. */
  get(url: string, options?: GetOptions): Promise<Fetched>;
  /** Resolves after that time, or at the end of the check. */
  pause(milliseconds: number): Promise<void>;
  /** Time is up, or too much was fetched. */
  readonly isOver: boolean;
  readonly requests: number;
  readonly bytes: number;
  /** What the report says besides. */
  readonly notes: Set<string>;
}

const TIMEOUT_MS = 15_000;
const MAX_REDIRECTS = 5;
const MAX_BODY = 64 * 1024 * 1024;
const MAX_BYTES = 2 * 1024 * 1024 * 1024;
const PROTOCOLS = ["http:", "https:"];

export const isGood = ({ answer }: Fetched): boolean => answer.status === 200 || answer.status === 206;

export function makeClient(seconds: number): Client {
  const over = AbortSignal.timeout(seconds * 1000);
  const notes = new Set<string>();
  let requests = 0;
  let bytes = 0;

  async function read(response: Response): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      bytes += chunk.length;
      if (length > MAX_BODY) throw new Error(`more than ${MAX_BODY} bytes`);
      chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0]! : new Uint8Array(Buffer.concat(chunks));
  }

  async function follow(
    url: string,
    options: GetOptions,
    signal: AbortSignal,
  ): Promise<{ url: string; response: Response }> {
    let at = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      if (!PROTOCOLS.includes(URL.parse(at)?.protocol ?? "")) throw new Error(`${at} is not an http address`);
      const headers: Record<string, string> = { "user-agent": "StreamHub-check", origin: "http://check.invalid" };
      if (options.range != null) headers.range = `bytes=${options.range}`;
      requests++;
      const response = await fetch(at, { method: options.method ?? "GET", headers, redirect: "manual", signal });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || location === null) return { url: at, response };
      await response.body?.cancel();
      at = URL.parse(location, at)?.href ?? location;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects`);
  }

  return {
    async get(url, options = {}) {
      const sentAt = Date.now() as Answer["sentAt"];
      const signal = AbortSignal.any([AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS), over]);
      const now = () => Date.now() as Answer["receivedAt"];
      try {
        const { url: final, response } = await follow(url, options, signal);
        const headers = new Map(response.headers);
        const isWanted = response.status === 200 || response.status === 206;
        const body = isWanted ? await read(response) : new Uint8Array();
        if (!isWanted) await response.body?.cancel();
        return {
          url: final,
          answer: { status: response.status, headers, sentAt, receivedAt: now() },
          bytes: body,
          error: null,
        };
      } catch (error) {
        const why = signal.aborted && !over.aborted ? "no answer in time" : (error as Error).message;
        const answer: Answer = { status: 0, headers: null, sentAt, receivedAt: now() };
        return { url, answer, bytes: new Uint8Array(), error: over.aborted ? "time is up" : sentenceOf(why) };
      }
    },
    pause(milliseconds) {
      if (over.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, milliseconds);
      over.addEventListener("abort", () => resolve(), { once: true });
      return promise.then(() => clearTimeout(timer));
    },
    get isOver() {
      return over.aborted || bytes > MAX_BYTES;
    },
    get requests() {
      return requests;
    },
    get bytes() {
      return bytes;
    },
    notes,
  };
}

/** Part of a sentence of ours. */
const sentenceOf = (message: string): string => message.replace(/^[A-Z]+: /, "").replace(/\. .*$|\.$/s, "");

/** The text of what has to be there for anything to be checked. */
export function needed(url: string, fetched: Fetched): string {
  const { error, answer } = fetched;
  if (error !== null) throw new Failure(`Can't fetch ${url}: ${error}.`, "check.unreachable");
  if (!isGood(fetched)) throw new Failure(`${url} answers ${answer.status}.`, "check.unreachable");
  return new TextDecoder().decode(fetched.bytes);
}
