/** Whether an RTMP player may have a broadcast: a private one needs a token behind its name, `SLUG?token=…`. */
import type { Broadcast } from "../live/broadcast.ts";
import { type Playback, type PlaybackDenial, tokenIn } from "../live/playback.ts";

/** Held for as long as it plays. */
export interface Place {
  keep(): void;
  leave(): void;
}

const REFUSALS: Readonly<Record<PlaybackDenial, string>> = {
  missing: "Nobody is live under this name.",
  invalid: "This playback token is not valid here.",
  expired: "This playback token is over; get a new one.",
  full: "As many players as this playback token allows are watching.",
};

const FREE: Place = { keep() {}, leave() {} };

/** Its place, or the sentence with which it is refused. `name`: as the player gave it. `connection`: what tells it from other players. */
export function placeFor(
  playback: Playback,
  broadcast: Pick<Broadcast, "visibility"> | undefined,
  name: string,
  connection: string,
): Place | string {
  if (broadcast !== undefined && broadcast.visibility !== "private") return FREE;
  const token = tokenIn(name);
  // A bad token is told of whether or not there is such a broadcast: nobody learns by it what is private.
  if (token === null) return REFUSALS.missing;
  const pass = playback.check({ kind: "live", slug: name.split("?", 1)[0]! }, token);
  if (typeof pass === "string") return REFUSALS[pass];
  if (broadcast === undefined) return REFUSALS.missing;
  const player = `rtmp ${connection}`;
  if (!playback.sit(pass, player)) return REFUSALS.full;
  return { keep: () => void playback.sit(pass, player), leave: () => playback.leave(pass, player) };
}
