/** Who may watch what is private: a token for it, and not more players with tokens of one subject than it says. */
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { PlaybackPass, PlaybackTarget, PlaybackTokens } from "./ports.ts";

/** Why somebody may not: no token at all, none for this, one that is over, or too many players already. */
export type PlaybackDenial = "missing" | "invalid" | "expired" | "full";

export interface Playback {
  check(target: PlaybackTarget, token: string | null): PlaybackPass | Exclude<PlaybackDenial, "full">;
  /**
   * True: this player has a place, for 30 s from now. `player`: what tells it apart from another one that was given the same token. Every
   * request for a playlist asks again, and whoever stays connected does from time to time.
   */
  sit(pass: PlaybackPass, player: string): boolean;
  /** Its place is free at once. */
  leave(pass: PlaybackPass, player: string): void;
  readonly stats: {
    /** Players that have a place. */
    readonly players: number;
    readonly denied: Readonly<Record<PlaybackDenial, number>>;
  };
}

const TOKEN = /^[^?#]*\?(?:[^&#]*&)*?token=([^&#]*)/;

/** The token in an address, as it stands there: none of ours needs percent-encoding. Null: there is none. */
export const tokenIn = (url: string): string | null => TOKEN.exec(url)?.[1] || null;

/** A player that has not asked for so long has left. */
export const PLACE_TTL = ms(30_000);

/** `tokens` null: nobody may watch what is private. `now`: a clock that does not go back. */
export function makePlayback(
  tokens: PlaybackTokens | null,
  now: () => Milliseconds = () => ms(performance.now()),
): Playback {
  /** By subject, then by player: when it asked last. Only a good token gets a line here. */
  const places = new Map<string, Map<string, Milliseconds>>();
  const denied: Record<PlaybackDenial, number> = { missing: 0, invalid: 0, expired: 0, full: 0 };
  let sweptAt = now();

  function tidy(subject: string, since: number): void {
    const players = places.get(subject);
    if (players === undefined) return;
    for (const [player, at] of players) if (at < since) players.delete(player);
    if (players.size === 0) places.delete(subject);
  }

  function sweep(at: Milliseconds): void {
    if (at - sweptAt < PLACE_TTL) return;
    sweptAt = at;
    for (const subject of places.keys()) tidy(subject, at - PLACE_TTL);
  }

  const keyOf = ({ session }: PlaybackPass, player: string) => `${session}\n${player}`;

  return {
    check(target, token) {
      const found = token === null ? "missing" : (tokens?.verify(token, target) ?? "invalid");
      if (typeof found === "string") denied[found]++;
      return found;
    },
    sit(pass, player) {
      const at = now();
      sweep(at);
      tidy(pass.subject, at - PLACE_TTL);
      const players = places.get(pass.subject) ?? new Map<string, Milliseconds>();
      const key = keyOf(pass, player);
      if (!players.has(key) && players.size >= pass.maxSessions) {
        denied.full++;
        return false;
      }
      players.set(key, at);
      places.set(pass.subject, players);
      return true;
    },
    leave(pass, player) {
      const players = places.get(pass.subject);
      players?.delete(keyOf(pass, player));
      if (players?.size === 0) places.delete(pass.subject);
    },
    get stats() {
      const since = now() - PLACE_TTL;
      let players = 0;
      for (const each of places.values()) for (const at of each.values()) if (at >= since) players++;
      return { players, denied };
    },
  };
}
