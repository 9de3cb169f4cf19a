/**
 * The permission to play what is private: a token in each address, renewed before it ends without the player noticing. Whoever reads an address of
 * `sources` gets it with the token of the moment; `sources.fresh` puts that into addresses that a playlist gave with an older one.
 */
import type { Sources } from "./engine.ts";

export interface Issued {
  readonly token: string;
  /** Names this player: with it the next token is the same player's. */
  readonly session: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly hls: string;
  readonly dash: string;
}

/** `refused`: who asks may not watch. `away`: another time perhaps. */
export type Answer = Issued | "refused" | "away";

export interface TicketOptions {
  readonly issue: (session: string | undefined) => Promise<Answer>;
  /** Of a page that was loaded again: it is the same player still. */
  readonly session: string | undefined;
  readonly onSession: (session: string) => void;
  /** Called once, with the first token. */
  readonly onReady: (sources: Sources) => void;
  readonly later?: (action: () => void, milliseconds: number) => () => void;
}

/** Of its time; what remains is for trying again. */
const RENEW_AFTER = 0.8;
const AGAIN_MS = 5_000;
const TOKEN = /([?&]token=)[^&#]*/;

const timeout = (action: () => void, milliseconds: number) => {
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
};

/** Returns the way to stop. */
export function makeTicket({ issue, session, onSession, onReady, later = timeout }: TicketOptions): () => void {
  let current: Issued | null = null;
  let cancel = () => {};
  let isOver = false;

  const sources: Sources = {
    get hls() {
      return current?.hls ?? "";
    },
    get dash() {
      return current?.dash ?? "";
    },
    fresh: (address) => (current === null ? address : address.replace(TOKEN, `$1${current.token}`)),
  };

  async function renew(): Promise<void> {
    const answer = await issue(current?.session ?? session).catch((): Answer => "away");
    if (isOver || answer === "refused") return;
    if (answer === "away") {
      cancel = later(() => void renew(), AGAIN_MS);
      return;
    }
    const isFirst = current === null;
    current = answer;
    onSession(answer.session);
    cancel = later(() => void renew(), answer.expiresIn * 1000 * RENEW_AFTER);
    if (isFirst) onReady(sources);
  }

  void renew();
  return () => {
    isOver = true;
    cancel();
  };
}
