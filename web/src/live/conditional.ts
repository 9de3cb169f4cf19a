import type { Answer } from "./make-poll.ts";

/** The part of a typed client's reply that decides what happened. */
interface Reply<T> {
  readonly data: T | null;
  readonly response: Response;
}

/** Turns a reply to a conditional request into an answer; 304 means that the page already shows what is so. */
export async function conditional<T>(request: Promise<Reply<T>>): Promise<Answer<T>> {
  const { data, response } = await request;
  if (response?.status === 304) return { kind: "same" };
  if (data === null) return { kind: "failed" };
  return { kind: "changed", value: data, etag: response.headers.get("etag") };
}

/** Request options of the typed client for a read that may be answered with 304. */
export function revalidate(etag: string | null, signal: AbortSignal) {
  return { headers: etag === null ? {} : { "if-none-match": etag }, fetch: { signal } };
}
