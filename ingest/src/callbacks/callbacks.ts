/**
 * nginx-rtmp's callbacks, for programs that were written for them: asked before somebody publishes or plays over RTMP, told when it is over, and
 * asked again while it goes on.
 */
import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import type { Milliseconds } from "../bytes/units.ts";
import type { CallbackAnswer, CallbackPeer, Callbacks, CallbackVisit, Log } from "../live/ports.ts";
import { type Called, type CallerLimits, type CallFault, DEFAULT_CALLER_LIMITS, makeCaller } from "./caller.ts";
import { answerOf, type CalledName, calledName, type Fields, formOf } from "./form.ts";

/** By their names at nginx-rtmp. */
export const CALLBACKS = ["on_publish", "on_publish_done", "on_play", "on_play_done", "on_update"] as const;
export type CallbackName = (typeof CALLBACKS)[number];

export interface CallbackSettings {
  /** Null: nobody is asked or told. An address may have a secret in it. */
  readonly urls: Readonly<Record<CallbackName, string | null>>;
  readonly method: "post" | "get";
  /** Between two questions about what goes on. */
  readonly updateSeconds: number;
}

export interface CallbacksOptions extends CallbackSettings {
  readonly metrics: PromRegistry;
  readonly log: Log;
  readonly limits?: CallerLimits;
}

const OUTCOMES = ["allowed", "renamed", "refused", "unreachable", "timeout", "busy"] as const;
type Outcome = (typeof OUTCOMES)[number];

export interface StoppableCallbacks extends Callbacks {
  /** What is on its way is waited for, within its time. */
  stop(): Promise<void>;
}

export function makeCallbacks(options: CallbacksOptions): StoppableCallbacks {
  const { urls, method, updateSeconds, metrics, log, limits = DEFAULT_CALLER_LIMITS } = options;
  const caller = makeCaller(method, limits);
  const registers = [metrics];
  const counter = new Counter({
    name: "streamhub_ingest_callbacks_total",
    help: "Questions and messages to the operator's programs, by callback and outcome",
    labelNames: ["callback", "outcome"] as const,
    registers,
  });
  // There from the start: an increase of what was not there is none.
  for (const callback of CALLBACKS)
    if (urls[callback] !== null) for (const outcome of OUTCOMES) counter.inc({ callback, outcome }, 0);
  new Gauge({
    name: "streamhub_ingest_callbacks_waiting",
    help: "Questions and messages to the operator's programs that wait for their turn",
    registers,
    collect() {
      this.set(caller.waiting);
    },
  });

  /** Callbacks that got no answer the last time. */
  const silent = new Set<CallbackName>();
  function note(callback: CallbackName, called: Called | CallFault, outcome: Outcome): void {
    counter.inc({ callback, outcome });
    if (typeof called === "string") {
      if (silent.has(callback)) return;
      silent.add(callback);
      log.warn({ code: "callback.unanswered", callback, reason: called }, "A callback gets no answer");
    } else if (silent.delete(callback))
      log.info({ code: "callback.answered", callback }, "A callback is answered again");
  }

  /** Null: nobody is to be asked. */
  async function send(
    callback: CallbackName,
    peer: CallbackPeer,
    called: CalledName,
    fields: Fields,
  ): Promise<CallbackAnswer | null> {
    const url = urls[callback];
    if (url === null) return null;
    const reply = await caller.call(url, formOf(peer, called, fields));
    if (typeof reply === "string") {
      note(callback, reply, reply);
      return { kind: "unavailable" };
    }
    const answer = answerOf(reply.status, reply.location, called.name);
    note(callback, reply, answer.kind !== "allowed" ? "refused" : answer.name === called.name ? "allowed" : "renamed");
    return answer;
  }

  return {
    visit(kind, peer, requested, onRefused): CallbackVisit {
      const called = calledName(requested);
      const tell = (callback: CallbackName, fields: Fields) => send(callback, peer, called, fields);
      let state: "asking" | "going" | "over" = "asking";
      let began = 0;
      let askedAt = 0;
      let isAsking = false;

      const done = () => void tell(`on_${kind}_done`, { call: `${kind}_done` });

      async function update(mediaTime: Milliseconds | null): Promise<void> {
        isAsking = true;
        askedAt = performance.now();
        const time = Math.round((askedAt - began) / 1_000);
        const answer = await tell("on_update", { call: `update_${kind}`, time, timestamp: mediaTime ?? 0 });
        isAsking = false;
        // Who does not answer has not refused, as with nginx-rtmp's `notify_update_strict off`.
        if (answer?.kind === "refused" && state === "going") onRefused();
      }

      return {
        async ask() {
          const answer = await tell(`on_${kind}`, kind === "publish" ? { call: kind, type: "live" } : { call: kind });
          const allowed = answer ?? { kind: "allowed", name: called.name };
          if (allowed.kind !== "allowed") {
            state = "over";
            return allowed;
          }
          // It was allowed, and the peer is gone meanwhile.
          if (state === "over") done();
          else {
            state = "going";
            began = performance.now();
            askedAt = began;
          }
          const isRenamed = allowed.name !== called.name;
          return isRenamed ? allowed : { kind: "allowed", name: requested };
        },
        keep(mediaTime) {
          if (urls.on_update === null || state !== "going" || isAsking) return;
          if (performance.now() - askedAt >= updateSeconds * 1_000) void update(mediaTime);
        },
        end() {
          if (state === "going") done();
          state = "over";
        },
      };
    },
    stop: caller.stop,
  };
}
