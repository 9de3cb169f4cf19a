/** The requests of callbacks: so many at once, the others in order behind them, each with one time limit from when it was asked for. */
import { type Milliseconds, ms } from "../bytes/units.ts";

export interface CallerLimits {
  /** From the question to the head of the answer, waiting included. */
  readonly timeout: Milliseconds;
  readonly maxAtOnce: number;
  readonly maxWaiting: number;
}

export const DEFAULT_CALLER_LIMITS: CallerLimits = { timeout: ms(5_000), maxAtOnce: 64, maxWaiting: 4_096 };

export interface Called {
  readonly status: number;
  readonly location: string | null;
}

/** Why there is no answer: as many wait as may, it took too long, or there was no connection. */
export type CallFault = "busy" | "timeout" | "unreachable";

export interface Caller {
  /** Never rejects. */
  call(url: string, form: string): Promise<Called | CallFault>;
  readonly waiting: number;
  /** Resolves when what was asked for is answered or over its time; nothing more is sent then. */
  stop(): Promise<void>;
}

/** GET has the form as its query, as nginx-rtmp does: logs of web servers will have it too. */
export function makeCaller(method: "post" | "get", limits: CallerLimits = DEFAULT_CALLER_LIMITS): Caller {
  const waiting = new Set<(isTurn: boolean) => void>();
  const pending = new Set<Promise<unknown>>();
  let atOnce = 0;
  let stopped = false;

  /** False: the time was over first. */
  const turn = (): Promise<boolean> =>
    new Promise((resolve) => {
      const wake = (isTurn: boolean) => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve(isTurn);
      };
      const timer = setTimeout(() => wake(false), limits.timeout);
      waiting.add(wake);
    });

  async function request(url: string, form: string, signal: AbortSignal): Promise<Called | CallFault> {
    const address = new URL(url);
    const isPost = method === "post";
    if (!isPost) address.search = address.search === "" ? form : `${address.search}&${form}`;
    try {
      const response = await fetch(address, {
        method: isPost ? "POST" : "GET",
        redirect: "manual",
        signal,
        ...(isPost ? { body: form, headers: { "content-type": "application/x-www-form-urlencoded" } } : {}),
      });
      await response.body?.cancel();
      return { status: response.status, location: response.headers.get("location") };
    } catch {
      // What failed may have the address in it, and with it a key.
      return signal.aborted ? "timeout" : "unreachable";
    }
  }

  async function inTurn(url: string, form: string): Promise<Called | CallFault> {
    if (stopped || waiting.size >= limits.maxWaiting) return "busy";
    const since = performance.now();
    if (atOnce < limits.maxAtOnce) atOnce++;
    // Who leaves hands its place on.
    else if (!(await turn())) return "timeout";
    try {
      const left = Math.max(1, Math.ceil(limits.timeout - (performance.now() - since)));
      return await request(url, form, AbortSignal.timeout(left));
    } finally {
      const [next] = waiting;
      if (next === undefined) atOnce--;
      else next(true);
    }
  }

  return {
    call(url, form) {
      const called = inTurn(url, form);
      pending.add(called);
      return called.finally(() => pending.delete(called));
    },
    get waiting() {
      return waiting.size;
    },
    async stop() {
      stopped = true;
      await Promise.all(pending);
    },
  };
}
