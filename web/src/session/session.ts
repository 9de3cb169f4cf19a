/** Who is signed in: read once, kept for all pages, and the same in all tabs. */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import { client } from "../live/client.ts";
import { reconnectEvents } from "../live/events.ts";
import { remember } from "../ui/memory.ts";
import { csrfToken, noteAccess } from "./access.ts";
import { type Outcome, outcomeOf, type Problem } from "./problem.ts";
import { onSessionOver } from "./session-fetch.ts";

type Data<T> = T extends { ok: true; value: infer V } ? V : never;
export type Me = Data<Awaited<ReturnType<typeof readMe>>>;
/** Undefined: not known yet. Null: a guest. */
export type Visitor = Me | null | undefined;

const readMe = () => outcomeOf(client.api.auth.me.get());

const [me, setMe] = createRoot(() => {
  const [visitor, setVisitor] = createSignal<Visitor>(csrfToken() === null ? null : undefined);
  // What may be heard depends on who listens.
  createEffect(on(() => visitor()?.sessionId, reconnectEvents, { defer: true }));
  return [visitor, setVisitor];
});

export { me };

/** Asks again who it is. A server that is away leaves things as they are. */
export async function loadMe(): Promise<void> {
  if (csrfToken() === null) {
    setMe(null);
    return;
  }
  const outcome = await readMe();
  if (outcome.ok) setMe(outcome.value);
  else if (outcome.problem.code.startsWith("auth.")) setMe(null);
  else if (me() === undefined) setTimeout(() => void loadMe(), 3_000);
}

/** For forms whose answer is the account itself. */
export function changeMe(change: Partial<Me>): void {
  setMe((now) => (now ? { ...now, ...change } : now));
}

/** Other tabs hear of it by the storage. */
function tellTabs(): void {
  remember("account", `${me()?.id ?? "none"} ${Date.now()}`);
}

async function opened(outcome: Outcome<{ expiresIn: number }>): Promise<Problem | null> {
  if (!outcome.ok) return outcome.problem;
  noteAccess(outcome.value.expiresIn);
  await loadMe();
  tellTabs();
  return null;
}

export interface Registration {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly acceptedDocuments?: { slug: string; locale: string; version: number }[];
}

/** Null when signed in, else why not. */
export const signIn = async (login: string, password: string): Promise<Problem | null> =>
  opened(await outcomeOf(client.api.auth.login.post({ login, password })));

export const register = async (registration: Registration): Promise<Problem | null> =>
  opened(await outcomeOf(client.api.auth.register.post(registration)));

/** The page forgets who it was, whatever the server says: it asks it again at the next load. */
export async function signOut(everywhere = false): Promise<Problem | null> {
  const outcome = await (everywhere
    ? outcomeOf(client.api.auth["logout-all"].post())
    : outcomeOf(client.api.auth.logout.post({})));
  if (!outcome.ok && !outcome.problem.code.startsWith("auth.")) return outcome.problem;
  forgetMe();
  return null;
}

/** After the account itself is gone. */
export function forgetMe(): void {
  noteAccess(null);
  setMe(null);
  tellTabs();
}

onSessionOver(() => setMe(null));
window.addEventListener("storage", ({ key, newValue }) => {
  if (key === "streamhub.account" && newValue !== null) void loadMe();
});
void loadMe();
