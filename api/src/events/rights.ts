/** Who may listen to what. Asked when a client subscribes and again while it listens, in one query per table for all that are asked about. */
import { type Database, queries } from "@streamhub/db";
import { type Actor, actorOfToken, credentialOf } from "../auth/guard.ts";
import { mayManage } from "../auth/policy.ts";
import type { ProblemCode } from "../error.ts";
import type { Topic } from "./topics.ts";

export interface Rights {
  readonly channels: ReadonlyMap<number, queries.Held>;
  readonly streams: ReadonlyMap<number, queries.HeldStream>;
}

export type Decision =
  /** `manages`: the owner, or an administrator. */
  { readonly kind: "granted"; readonly manages: boolean } | { readonly kind: "refused"; readonly code: ProblemCode };

const idsOf = (topics: Iterable<Topic>, ...wanted: readonly Topic["kind"][]): number[] => {
  const ids = new Set<number>();
  for (const topic of topics) if ("id" in topic && wanted.includes(topic.kind)) ids.add(topic.id);
  return [...ids];
};

export async function readRights(db: Database, topics: readonly Topic[]): Promise<Rights> {
  const [channels, streams] = await Promise.all([
    queries.channelsHeld(db, idsOf(topics, "channel", "chat")),
    queries.streamsHeld(db, idsOf(topics, "owner")),
  ]);
  return { channels, streams };
}

/** Of those who listen, whose sessions and tokens are still good: by `credentialOf`. */
export async function readActors(
  db: Database,
  listeners: Iterable<{ readonly actor: Actor | null }>,
): Promise<ReadonlyMap<string, Actor>> {
  const sessions = new Set<number>();
  const tokens = new Set<number>();
  for (const { actor } of listeners) {
    if (actor === null) continue;
    if (actor.sessionId === null) tokens.add(actor.tokenId);
    else sessions.add(actor.sessionId);
  }
  const [people, programs] = await Promise.all([
    queries.findActors(db, [...sessions]),
    queries.findTokenActors(db, [...tokens]),
  ]);
  const good = [...people.values(), ...programs.map(actorOfToken)];
  return new Map(good.map((actor) => [credentialOf(actor), actor]));
}

const refuse = (code: ProblemCode): Decision => ({ kind: "refused", code });

export function decide(topic: Topic, actor: Actor | null, { channels, streams }: Rights): Decision {
  switch (topic.kind) {
    case "streams":
    case "viewers":
      return { kind: "granted", manages: false };
    case "channel":
    case "chat": {
      const channel = channels.get(topic.id);
      const manages = channel !== undefined && mayManage(actor, channel.userId);
      if (channel === undefined || (channel.visibility === "private" && !manages)) return refuse("channel.not-found");
      return { kind: "granted", manages };
    }
    case "owner": {
      const stream = streams.get(topic.id);
      if (stream !== undefined && mayManage(actor, stream.userId)) return { kind: "granted", manages: true };
      if (stream === undefined || stream.visibility === "private" || stream.isDraft) return refuse("stream.not-found");
      return refuse(actor === null ? "auth.required" : "auth.forbidden");
    }
  }
}
