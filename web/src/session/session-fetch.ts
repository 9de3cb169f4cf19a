/** The one `fetch` of the page. */
import { accessUntil, csrfToken, noteAccess } from "./access.ts";
import { makeSessionFetch } from "./make-session-fetch.ts";

const listeners = new Set<() => void>();

/** Called when the server says that the session is over. */
export function onSessionOver(listener: () => void): void {
  listeners.add(listener);
}

export const sessionFetch = makeSessionFetch({
  fetch: (input, init) => fetch(input, init),
  token: csrfToken,
  accessUntil,
  noteAccess,
  // Browsers have locks on secure pages only; without them the server sorts out the race (409 auth.raced).
  alone: (task) =>
    (navigator.locks as LockManager | undefined)?.request("streamhub.refresh", async () => task()) ?? task(),
  onOver: () => {
    for (const listener of listeners) listener();
  },
});
