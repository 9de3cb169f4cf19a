/**
 * Deleting with a way back: nothing is deleted before some seconds have passed. Whoever leaves the page meanwhile has made up their mind, so it
 * happens then.
 */
import { explain } from "../i18n/account-words.ts";
import { problemFrom } from "../session/problem.ts";
import { sessionFetch } from "../session/session-fetch.ts";
import { say } from "../ui/toasts.tsx";

const SECONDS = 8;

/** `settled`: afterwards, whether it is gone, was taken back or could not be deleted. */
export function removeLater(path: string, said: { text: string; undo: string }, settled: () => void): void {
  let open = true;

  async function remove(): Promise<void> {
    if (!open) return;
    open = false;
    removeEventListener("pagehide", leave);
    try {
      const response = await sessionFetch(path, { method: "DELETE", keepalive: true });
      if (!response.ok && response.status !== 404)
        say(explain(problemFrom(await response.json().catch(() => null), response)));
    } catch {
      say(explain(problemFrom(null, undefined)));
    }
    settled();
  }
  const leave = () => void remove();
  const timer = setTimeout(leave, SECONDS * 1000);
  addEventListener("pagehide", leave);

  say(
    said.text,
    {
      label: said.undo,
      run: () => {
        open = false;
        clearTimeout(timer);
        removeEventListener("pagehide", leave);
        settled();
      },
    },
    SECONDS * 1000,
  );
}
