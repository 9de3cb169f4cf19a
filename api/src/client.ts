/** The typed client: the only way from the web into the API. It imports the API's type and none of its code. */
import { treaty } from "@elysiajs/eden";
import type { App } from "./app.ts";

export interface ClientOptions {
  readonly fetcher?: typeof fetch;
}

/** A client for the API at an origin such as `https://live.example.org`. Dates stay ISO strings, as they are on the wire. */
export function createClient(origin: string, options: ClientOptions = {}) {
  return treaty<App>(origin, { parseDate: false, ...options });
}

export type Client = ReturnType<typeof createClient>;

export type {
  ClientMessage,
  FeedMessage,
  FeedNotice,
  SampleEvent,
  StreamEvent,
  TopicEvent,
  ViewersEvent,
} from "./events/model.ts";
