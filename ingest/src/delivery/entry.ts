/** Whether a request may have what it asks for, where that is private: the token in its address decides. */
import { type Playback, type PlaybackDenial, tokenIn } from "../live/playback.ts";
import type { PlaybackTarget } from "../live/ports.ts";
import { plain } from "./media-response.ts";

/** Somebody who was let in. */
export interface Entry {
  readonly token: string;
  /** Still watching. */
  keep(): void;
  leave(): void;
}

export interface Asked {
  readonly target: PlaybackTarget;
  /** Null: there is nothing of this name. */
  readonly isPrivate: boolean | null;
  /** It is a player's sign of life, or the beginning of a connection that is one. */
  readonly isPlaying: boolean;
  /** What is answered where there is nothing of this name; default `offline`. */
  readonly missing?: () => Response;
}

/** Nobody else may keep it, and no cache of the browser either: the next one at this machine may be somebody else. */
const NOBODYS = "private, no-store";
const MAX_USER_AGENT = 200;

const REFUSALS: Readonly<Record<Exclude<PlaybackDenial, "missing">, readonly [number, string]>> = {
  invalid: [403, "This playback token is not valid here; get one for this channel or recording."],
  expired: [403, "This playback token is over; get a new one."],
  full: [429, "As many players as this playback token allows are watching; close one of them and wait half a minute."],
};

/** Its answer must not tell a private channel from none. */
export const offline = (): Response => plain(404, "This channel is not live.");

function refusal(denial: PlaybackDenial, missing: () => Response): Response {
  if (denial === "missing") return missing();
  const [status, text] = REFUSALS[denial];
  return plain(status, text, { "cache-control": NOBODYS, ...(status === 429 ? { "retry-after": "30" } : {}) });
}

/** Null: no token is needed. A response: not let in. `address`: the client's. */
export function enter(
  playback: Playback,
  request: Request,
  address: string,
  { target, isPrivate, isPlaying, missing = offline }: Asked,
): Entry | Response | null {
  if (isPrivate === false) return null;
  const token = tokenIn(request.url);
  // Nobody there and a bad token is what a private channel and a bad token is.
  if (token === null && isPrivate === null) return null;
  const pass = playback.check(target, token);
  if (typeof pass === "string") return refusal(pass, missing);
  // Its address may be passed on: another machine or program with it is another player.
  const player = `${address}\n${request.headers.get("user-agent")?.slice(0, MAX_USER_AGENT) ?? ""}`;
  if (isPlaying && isPrivate === true && request.method === "GET" && !playback.sit(pass, player))
    return refusal("full", missing);
  return {
    token: token!,
    keep: () => void playback.sit(pass, player),
    leave: () => playback.leave(pass, player),
  };
}

/** An answer to somebody who was let in. */
export async function secluded(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  response.headers.set("cache-control", NOBODYS);
  return response;
}
