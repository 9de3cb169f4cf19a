/** What a client may listen to. The names are those of the bus; any other topic of the bus stays inside. */
import { STREAMS_TOPIC, VIEWERS_TOPIC } from "@streamhub/db";

export type Topic =
  /** Public broadcasts: started, updated, ended. */
  | { readonly name: string; readonly kind: "streams" }
  /** How many watch each public broadcast. */
  | { readonly name: string; readonly kind: "viewers" }
  /** One channel's broadcasts, and how many watch them. */
  | { readonly name: string; readonly kind: "channel"; readonly id: number }
  /** What is said in a channel's chat. */
  | { readonly name: string; readonly kind: "chat"; readonly id: number }
  /** How one broadcast is doing, once a second. */
  | { readonly name: string; readonly kind: "owner"; readonly id: number };

const NUMBERED = /^(channel|chat|owner):([1-9]\d{0,9})$/;

/** Null: there is no such topic. */
export function parseTopic(name: string): Topic | null {
  if (name === STREAMS_TOPIC) return { name, kind: "streams" };
  if (name === VIEWERS_TOPIC) return { name, kind: "viewers" };
  const match = NUMBERED.exec(name);
  return match === null ? null : { name, kind: match[1] as "channel" | "chat" | "owner", id: Number(match[2]) };
}

/** Events of these topics are kept for those who reconnect; the others are samples, of which the next one says more. */
export const isKept = ({ kind }: Topic): boolean => kind !== "viewers" && kind !== "owner";
