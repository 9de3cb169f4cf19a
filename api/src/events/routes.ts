import { STREAMS_TOPIC } from "@streamhub/db";
import { Elysia } from "elysia";
import { isOwnOrigin } from "../auth/csrf.ts";
import { type Actor, authorizationOf, visitor } from "../auth/guard.ts";
import { AppError, ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { wantsSocket } from "../sockets.ts";
import type { Granted } from "./client.ts";
import { type Feeds, makeFeeds } from "./feeds.ts";
import { EVENT_LIMITS, EventsQuery } from "./model.ts";
import { type Positions, parsePositions } from "./positions.ts";
import { streamEvents } from "./sse.ts";
import { parseTopic, type Topic } from "./topics.ts";
import { makeSocketSession, SUBPROTOCOL } from "./websocket.ts";

const PROBLEM_STATUSES = [400, 401, 403, 404, 422, 429, 503] as const;
const problemAnswer = {
  description: "Refused",
  content: { "application/problem+json": { schema: ProblemSchema } },
};

function invalid(field: string, message: string): AppError {
  return new AppError("request.invalid", undefined, [{ field, in: "query", message }]);
}

function readTopics(text: string): Topic[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  if (names.length > EVENT_LIMITS.topics) throw invalid("topics", `At most ${EVENT_LIMITS.topics} topics`);
  return names.map((name) => {
    const topic = parseTopic(name);
    if (topic === null)
      throw invalid(
        "topics",
        "Expected streams, viewers, channel:ID, chat:CHANNELID or owner:STREAMID, with commas between",
      );
    return topic;
  });
}

function readPositions(text: string): Positions {
  const positions = parsePositions(text);
  if (positions === null) throw invalid("lastEventId", "Expected an id that this feed gave");
  return positions;
}

export function eventRoutes(services: Services) {
  const { sockets } = services;
  const feeds: Feeds = services.events ?? makeFeeds(services);

  /** A page of another site could make a browser open a WebSocket with our cookies, and read it: no same-origin policy holds for those. */
  function requireOwnPage(request: Request, actor: Actor | null): void {
    if (authorizationOf(request) !== null) return;
    const origin = request.headers.get("origin");
    if (origin === null ? actor !== null : !isOwnOrigin(request, origin, services))
      throw new AppError("auth.csrf", "A WebSocket must be opened by a page of this site, or with a bearer token.");
  }

  async function grant(actor: Actor | null, topics: readonly Topic[]): Promise<Granted[]> {
    const decisions = await feeds.decide(actor, topics);
    return topics.map((topic, index) => {
      const decision = decisions[index]!;
      if (decision.kind === "granted") return { topic, manages: decision.manages };
      throw new AppError(decision.code, `You may not listen to ${topic.name}, or it does not exist.`);
    });
  }

  function openSocket(request: Request, actor: Actor | null, topics: readonly Topic[], after: Positions): Response {
    requireOwnPage(request, actor);
    const seat = feeds.takeSeat(services.addressOf(request));
    const session = makeSocketSession(feeds, { actor, seat, topics, after });
    const offered = request.headers.get("sec-websocket-protocol")?.split(",") ?? [];
    const headers = offered.some((name) => name.trim() === SUBPROTOCOL)
      ? { "sec-websocket-protocol": SUBPROTOCOL }
      : {};
    if (sockets?.upgrade(request, session, headers)) return new Response(null, { status: 101 });
    seat.leave();
    throw new AppError("request.unreadable", "The handshake of the WebSocket is not in order.");
  }

  async function openStream(request: Request, actor: Actor | null, topics: readonly Topic[], after: Positions) {
    const seat = feeds.takeSeat(services.addressOf(request));
    try {
      const granted = await grant(actor, topics);
      return streamEvents(feeds, { actor, granted, after, seat, signal: request.signal });
    } catch (error) {
      seat.leave();
      throw error;
    }
  }

  return new Elysia({ name: "events", tags: ["Events"] }).use(visitor(services)).get(
    "/api/events",
    // Elysia catches what a promise throws only where it sees that there is one.
    async ({ request, query, actor }) => {
      const isSocket = sockets !== undefined && wantsSocket(request);
      const topics = readTopics(query.topics ?? (isSocket ? "" : STREAMS_TOPIC));
      const after = readPositions(request.headers.get("last-event-id") ?? query.lastEventId ?? "");
      return isSocket ? openSocket(request, actor, topics, after) : openStream(request, actor, topics, after);
    },
    {
      query: EventsQuery,
      detail: {
        summary: "Live events: server-sent, or as a WebSocket where the request asks for one",
        description: "Topics, messages and how to resume: docs/events.md.",
        operationId: "listenToEvents",
        responses: {
          101: { description: "The connection is a WebSocket now" },
          200: {
            description: "Events until either side ends it",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          ...Object.fromEntries(PROBLEM_STATUSES.map((status) => [status, problemAnswer])),
        },
      },
    },
  );
}
