/** Whether a peer may publish or play: the operator's programs are asked first, where there are any, then the gate. */
import type { Milliseconds } from "../bytes/units.ts";
import type { Admitted, CallbackPeer, Callbacks, CallbackVisit, Gate, Log, Refused } from "../live/ports.ts";
import { NO_SPAN, type Span } from "../live/trace.ts";
import type { KeyTries } from "./key-tries.ts";
import type { CloseReason } from "./limits.ts";

export interface AdmissionContext {
  readonly gate: Gate;
  /** Null: there are none. */
  readonly callbacks: Callbacks | null;
  readonly keyTries: KeyTries;
  readonly log: Log;
}

export const NOT_ALLOWED: Refused = {
  kind: "refused",
  code: "publish.not-allowed",
  reason: "The operator of this server does not allow it; ask there.",
};
const TOO_MANY_TRIES: Refused = {
  kind: "refused",
  code: "publish.too-many-tries",
  reason:
    "Too many stream keys from your address were wrong; wait a minute, and copy the key again from your channel's page.",
};
const NOBODY_ANSWERS: Refused = {
  kind: "refused",
  code: "publish.unavailable",
  reason: "The server can't ask at the moment whether this is allowed; try again in a few seconds.",
};
const GATE_FAILED: Refused = {
  kind: "refused",
  code: "publish.unavailable",
  reason: "The server can not check stream keys at the moment. Try again soon.",
};

/** The operator's programs say no to keys as the gate does. */
const WRONG_KEY: ReadonlySet<Refused["code"]> = new Set(["publish.unknown-key", "publish.not-allowed"]);

/** How the close of a peer that was refused is counted. */
export const refusedAs = ({ code }: Refused) => `refused.${code.slice("publish.".length)}` as CloseReason;

/** What follows a `?` is for the operator's programs, and for playback tokens. */
const bare = (name: string): string => name.split("?", 1)[0]!;

/** One connection's: one publishing or playing at a time. */
export class Admission {
  private visit: CallbackVisit | null = null;

  /** `onRefused`: it may not go on. */
  constructor(
    private readonly context: AdmissionContext,
    private readonly onRefused: () => void,
  ) {}

  /** Never rejects. */
  async publish(peer: CallbackPeer, name: string, trace: Span): Promise<Admitted | Refused> {
    const { keyTries } = this.context;
    const { address } = peer;
    if (!keyTries.mayTry(address, bare(name))) return TOO_MANY_TRIES;
    const answer = await this.decide(peer, name, trace);
    if (answer.kind === "admitted") keyTries.succeeded(bare(name));
    else if (WRONG_KEY.has(answer.code)) keyTries.failed(address, bare(name));
    return answer;
  }

  private async decide(peer: CallbackPeer, name: string, trace: Span): Promise<Admitted | Refused> {
    const { gate, log } = this.context;
    const { connectionId, address } = peer;
    try {
      const asking = this.context.callbacks === null ? NO_SPAN : trace.child("publish.callback");
      const answer = await this.ask("publish", peer, name);
      asking.end(typeof answer === "string" ? null : answer.code);
      if (typeof answer !== "string") return answer;
      const authorising = trace.child("publish.authorise");
      const admitted = await gate.admit({ key: bare(answer), connectionId, address });
      authorising.end(admitted.kind === "refused" ? admitted.code : null);
      return admitted;
    } catch (error) {
      log.error({ code: GATE_FAILED.code, connectionId, error: String(error) }, "The gate failed");
      return GATE_FAILED;
    }
  }

  /** The name to play. Null: it can be played at once, there is nobody to ask. */
  play(peer: CallbackPeer, name: string): Promise<string | Refused> | null {
    return this.context.callbacks === null ? null : this.ask("play", peer, name);
  }

  /** About once a second while it goes on. */
  keep(mediaTime: Milliseconds | null): void {
    this.visit?.keep(mediaTime);
  }

  leave(): void {
    this.visit?.end();
    this.visit = null;
  }

  private async ask(kind: "publish" | "play", peer: CallbackPeer, name: string): Promise<string | Refused> {
    const { callbacks } = this.context;
    if (callbacks === null) return name;
    this.visit = callbacks.visit(kind, peer, name, this.onRefused);
    const answer = await this.visit.ask();
    if (answer.kind === "allowed") return answer.name;
    return answer.kind === "refused" ? NOT_ALLOWED : NOBODY_ANSWERS;
  }
}
