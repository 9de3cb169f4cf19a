/** Draws what has changed: with the next frame, and not again before a tenth of a second is over, however often it changes. */
export interface Steps {
  want(): void;
  stop(): void;
}

const PAUSE_MS = 100;

/** What is used of the page, so that tests can stand in for it. Milliseconds. */
export interface Clock {
  now(): number;
  frame(run: () => void): void;
  wait(run: () => void, pause: number): void;
}

const PAGE: Clock = {
  now: () => performance.now(),
  frame: (run) => void requestAnimationFrame(run),
  wait: (run, pause) => void setTimeout(run, pause),
};

export function makeSteps(draw: () => void, clock: Clock = PAGE): Steps {
  let isWanted = false;
  let isStopped = false;
  let drawnAt = Number.NEGATIVE_INFINITY;

  function step(): void {
    isWanted = false;
    if (isStopped) return;
    drawnAt = clock.now();
    draw();
  }
  return {
    want() {
      if (isWanted || isStopped) return;
      isWanted = true;
      const pause = drawnAt + PAUSE_MS - clock.now();
      if (pause > 0) clock.wait(() => clock.frame(step), pause);
      else clock.frame(step);
    },
    stop() {
      isStopped = true;
    },
  };
}
