/** Requests that wait until something is so. All that wait for the same thing cost one question at each change, and one timer. */
export interface Waits {
  /** Requests that wait now. */
  readonly held: number;
  /** True as soon as it is so; false after `timeoutMs` (of the first who asked), when too many wait, or at `stop`. */
  until(thing: string, isSo: () => boolean, timeoutMs: number): Promise<boolean>;
  /** Something has changed. */
  changed(): void;
  stop(): void;
}

interface Group {
  readonly isSo: () => boolean;
  readonly outcome: PromiseWithResolvers<boolean>;
  readonly timer: Timer;
  size: number;
}

/** `mayHold`: asked before each wait. */
export function makeWaits(mayHold: () => boolean): Waits {
  const groups = new Map<string, Group>();
  let held = 0;

  function settle(thing: string, group: Group, outcome: boolean): void {
    groups.delete(thing);
    clearTimeout(group.timer);
    held -= group.size;
    group.outcome.resolve(outcome);
  }

  function open(thing: string, isSo: () => boolean, timeoutMs: number): Group {
    const timer = setTimeout(() => settle(thing, group, isSo()), timeoutMs);
    timer.unref();
    const group: Group = { isSo, outcome: Promise.withResolvers<boolean>(), timer, size: 0 };
    groups.set(thing, group);
    return group;
  }

  return {
    get held() {
      return held;
    },
    async until(thing, isSo, timeoutMs) {
      if (isSo()) return true;
      if (!mayHold()) return false;
      const group = groups.get(thing) ?? open(thing, isSo, timeoutMs);
      group.size++;
      held++;
      return group.outcome.promise;
    },
    changed() {
      for (const [thing, group] of groups) if (group.isSo()) settle(thing, group, true);
    },
    stop() {
      for (const [thing, group] of groups) settle(thing, group, false);
    },
  };
}
