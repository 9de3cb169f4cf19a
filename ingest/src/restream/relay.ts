/** One target of one broadcast, from the broadcast's start, or the target's, to the end of either: connects, feeds, and tries again. */
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { AddressLookup, RestreamTarget } from "../live/ports.ts";
import type { Abilities } from "./abilities.ts";
import { retryDelay } from "./backoff.ts";
import { RelayConnection } from "./connection.ts";
import { codecFault, isDenial, isFinal, type RelayFault, relayFault } from "./fault.ts";
import { makeFeed } from "./feed.ts";
import type { RelayLimits } from "./limits.ts";
import { type RelayEvent, type RelayState, transitionRelay } from "./state.ts";

export interface RelayStatus {
  readonly id: number;
  readonly state: RelayState;
  /** ISO 8601: since when it is in this state. */
  readonly since: string;
  /** What went wrong last; null: nothing yet. */
  readonly fault: RelayFault | null;
  /** Sent to the service since the broadcast began here. */
  readonly bytes: number;
  /** Audio and video messages that the service was too slow for. */
  readonly droppedFrames: number;
}

export interface RelayOptions {
  readonly broadcast: LiveBroadcast;
  readonly target: RestreamTarget;
  readonly lookup: AddressLookup;
  readonly limits: RelayLimits;
  /** 0 to 1. */
  readonly random: () => number;
  readonly ca?: string;
  readonly onChange: (status: RelayStatus) => void;
}

export class Relay {
  private state: RelayState = "off";
  private since = Date.now();
  private fault: RelayFault | null = null;
  private failures = 0;
  private attempts = 0;
  private connection: RelayConnection | null = null;
  private leave: (() => void) | null = null;
  private retry: Timer | null = null;
  private leaveWatch = (): void => {};
  /** Of connections that are over. */
  private pastBytes = 0;
  private droppedFrames = 0;
  private isStopped = false;

  constructor(private readonly options: RelayOptions) {
    // `leaveWatch` is not known yet where the broadcast is over already: nothing is to be left then.
    // An encoder that goes on with the broadcast may send what the service takes.
    this.leaveWatch = options.broadcast.subscribe({
      keepsNothing: true,
      onTag: () => {},
      onAway: () => this.broadcastChanged(),
      onEnd: () => this.stop(),
    });
    if (!this.isStopped) this.begin();
  }

  get target(): RestreamTarget {
    return this.options.target;
  }

  get status(): RelayStatus {
    const { state, since, fault, droppedFrames } = this;
    const bytes = this.pastBytes + (this.connection?.sentBytes ?? 0);
    return { id: this.target.id, state, since: new Date(since).toISOString(), fault, bytes, droppedFrames };
  }

  /** The service is told, and nothing is tried again. Idempotent. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.leaveWatch();
    if (this.retry !== null) clearTimeout(this.retry);
    this.letGo((connection) => connection.close());
    this.move("stop");
  }

  private begin(): void {
    this.retry = null;
    if (this.isStopped) return;
    this.move("begin");
    const { target, lookup, limits, ca } = this.options;
    const { address, key } = target;
    if (address === null || key === null) {
      this.failed(relayFault(address === null ? "address" : "key"));
      return;
    }
    this.connection = new RelayConnection({
      address,
      key,
      attempt: this.attempts++,
      lookup,
      limits,
      ...(ca === undefined ? {} : { ca }),
      onStarted: (abilities) => this.started(abilities),
      onLost: (fault) => this.failed(fault),
    });
  }

  private started(abilities: Abilities): void {
    const connection = this.connection!;
    const { broadcast, limits } = this.options;
    this.move("started");
    let unfit: RelayFault | null = null;
    const leave = broadcast.subscribe(
      makeFeed({
        connection,
        abilities,
        maxQueue: limits.maxQueue,
        onDropped: () => {
          this.droppedFrames++;
        },
        onUnfit: (codec) => {
          unfit = codecFault(codec);
          // While the cache is replayed, `leave` is not known yet.
          if (this.leave !== null) this.failed(unfit);
        },
        onEnd: () => {},
      }),
    );
    if (this.connection !== connection) {
      leave();
      return;
    }
    this.leave = leave;
    if (unfit !== null) this.failed(unfit);
  }

  private failed(fault: RelayFault): void {
    if (this.isStopped) return;
    const wasSteady = this.state === "live" && Date.now() - this.since > this.options.limits.steadyTime;
    this.failures = wasSteady ? 1 : this.failures + 1;
    this.fault = fault;
    this.letGo((connection) => connection.close());
    this.move(isDenial(fault) ? "denied" : "lost");
    if (isFinal(fault)) return;
    const delay = retryDelay(this.failures, isDenial(fault), this.options.random());
    this.retry = setTimeout(() => this.begin(), delay);
  }

  private broadcastChanged(): void {
    if (this.state !== "refused" || this.fault?.code !== "codec") return;
    this.failures = 1;
    this.retry ??= setTimeout(() => this.begin(), retryDelay(1, false, this.options.random()));
  }

  private letGo(how: (connection: RelayConnection) => void): void {
    const { connection } = this;
    this.leave?.();
    this.leave = null;
    this.connection = null;
    if (connection === null) return;
    how(connection);
    this.pastBytes += connection.sentBytes;
  }

  private move(event: RelayEvent): void {
    const next = transitionRelay(this.state, event);
    if (next === null) return;
    this.state = next;
    this.since = Date.now();
    this.options.onChange(this.status);
  }
}
