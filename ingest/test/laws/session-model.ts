/** A model of the server session that is small enough to be read: the tables of `session/state.ts` and nothing else. */
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../../src/rtmp/limits.ts";
import { type StreamState, transitionStream } from "../../src/rtmp/session/state.ts";

export type Step =
  | {
      readonly do:
        | "handshake"
        | "connect"
        | "create"
        | "fcUnpublish"
        | "accept"
        | "reject"
        | "endPlay"
        | "close"
        | "ping";
    }
  | { readonly do: "publish" | "play" | "delete" | "closeStream" | "media"; readonly id: number }
  | { readonly do: "deleteByName" };

/** What the model expects of a step: the event types it gives, or "violation". */
export type Outcome = readonly string[] | "violation";

export class Model {
  connection: "handshaking" | "connecting" | "connected" | "closed" = "handshaking";
  readonly streams = new Map<number, StreamState>();
  waiting: number | null = null;
  /** Steps sent behind an unanswered publish or play. */
  held: Step[] = [];
  private next = 1;

  peerStep(step: Step): Outcome {
    if (this.connection === "closed") return [];
    if (this.waiting !== null) {
      this.held.push(step);
      return [];
    }
    if (step.do === "handshake") {
      this.connection = "connecting";
      return [];
    }
    if (step.do === "ping") return [];
    if (step.do === "media") return this.streams.get(step.id) === "publishing" ? ["media"] : [];
    if (step.do === "connect") {
      if (this.connection !== "connecting") return "violation";
      this.connection = "connected";
      return ["connected"];
    }
    if (this.connection === "connecting") return "violation";
    return this.command(step);
  }

  private command(step: Step): Outcome {
    switch (step.do) {
      case "create":
        if (this.streams.size >= LIMITS.maxMessageStreams) return "violation";
        this.streams.set(this.next++, "idle");
        return [];
      case "publish":
      case "play": {
        const state = this.streams.get(step.id);
        const next = state === undefined ? null : transitionStream(state, step.do);
        if (next === null) return "violation";
        this.streams.set(step.id, next);
        this.waiting = step.id;
        return [`${step.do}-requested`];
      }
      case "closeStream":
        return this.stop(step.id);
      case "fcUnpublish":
        return this.stop(this.publishing() ?? -1);
      case "delete": {
        const events = this.stop(step.id);
        this.streams.delete(step.id);
        return events;
      }
      case "deleteByName": {
        // The message stream that publishes, else the one that the command came on.
        const id = this.publishing() ?? 1;
        const events = this.stop(id);
        this.streams.delete(id);
        return events;
      }
      default:
        return [];
    }
  }

  answer(accepted: boolean): Outcome {
    const id = this.waiting!;
    this.waiting = null;
    this.streams.set(id, transitionStream(this.streams.get(id)!, accepted ? "accept" : "reject")!);
    const { held } = this;
    this.held = [];
    if (!accepted) {
      this.connection = "closed";
      return [];
    }
    const events: string[] = [];
    for (const step of held) {
      const outcome = this.peerStep(step);
      if (outcome === "violation") return "violation";
      events.push(...outcome);
    }
    return events;
  }

  publishing(): number | null {
    for (const [id, state] of this.streams) if (state === "publishing") return id;
    return null;
  }

  stop(id: number): string[] {
    const state = this.streams.get(id);
    if (state !== "publishing" && state !== "playing") return [];
    this.streams.set(id, "idle");
    return [state === "publishing" ? "publish-ended" : "play-ended"];
  }
}
