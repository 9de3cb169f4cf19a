/** Whether there is room for one more player of something private: an account has three at once (docs/delivery.md), and libraries do not say why they wait. */
import { type Accessor, createSignal } from "solid-js";
import type { Sources } from "./engine.ts";

export interface Room {
  /** As many as may watch are watching: one must be closed first. */
  readonly full: Accessor<boolean>;
  /** Something does not play: asks the server why, where that can be the reason. */
  look(sources: Sources): Promise<void>;
  /** It plays. */
  taken(): void;
}

const WITHIN_MS = 8_000;
const TOO_MANY = 429;

export function createRoom(): Room {
  const [full, setFull] = createSignal(false);
  let asking = false;
  return {
    full,
    async look({ dash, fresh }) {
      if (fresh === undefined || asking) return;
      asking = true;
      // HLS would say it only of its second playlist.
      const status = await fetch(dash, { signal: AbortSignal.timeout(WITHIN_MS) })
        .then((answer) => answer.status)
        .catch(() => 0);
      asking = false;
      setFull(status === TOO_MANY);
    },
    taken: () => setFull(false),
  };
}
