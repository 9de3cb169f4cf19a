/** The page's one typed client, and the shapes that it brings along: they come from the API's routes and are declared nowhere else. */
import { createClient } from "@streamhub/api/client";
import { csrfToken } from "../session/access.ts";
import { sessionFetch } from "../session/session-fetch.ts";
import { takeFirst } from "./first-answers.ts";

const ask: typeof sessionFetch = async (address, init) =>
  (csrfToken() === null && (init?.method ?? "GET") === "GET" ? takeFirst(address) : null) ??
  sessionFetch(address, init);

// Eden calls it with an address and never uses what else `fetch` can take.
export const client = createClient(location.origin, { fetcher: ask as typeof fetch });

type Api = typeof client.api;
type Data<Method extends (...args: never[]) => Promise<{ data: unknown }>> = NonNullable<
  Awaited<ReturnType<Method>>["data"]
>;

export type StreamPage = Data<Api["streams"]["get"]>;
export type Stream = StreamPage["items"][number];
export type Channel = Data<Api["channels"]["get"]>["items"][number];
export type SiteInfo = Data<Api["site"]["get"]>;
