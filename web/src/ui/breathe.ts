interface Scheduler {
  yield?(): Promise<void>;
}

/** Ends a task and goes on in the next one, in front of what others have queued where the browser can do that. */
export const breathe = (): Promise<void> =>
  (globalThis as { scheduler?: Scheduler }).scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
