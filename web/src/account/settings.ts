/** What a person may change about the own account. */
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf, type Problem, problemFrom } from "../session/problem.ts";
import { changeMe, type Me, me } from "../session/session.ts";
import { sessionFetch } from "../session/session-fetch.ts";

const asProblem = (outcome: { ok: true } | { ok: false; problem: Problem }): Problem | null =>
  outcome.ok ? null : outcome.problem;
const own = (account: Me) => client.api.users({ id: account.id });

export interface ProfileValues extends Record<string, string> {
  username: string;
  fullName: string;
  bio: string;
}

export async function saveProfile(account: Me, { username, fullName, bio }: ProfileValues): Promise<Problem | null> {
  const outcome = await outcomeOf(own(account).put({ username, fullName, bio }));
  if (outcome.ok) {
    const { username: name, fullName: full, bio: about } = outcome.value;
    changeMe({ username: name, fullName: full, bio: about });
  }
  return asProblem(outcome);
}

export async function savePassword(currentPassword: string, newPassword: string): Promise<Problem | null> {
  return asProblem(await outcomeOf(client.api.auth.password.put({ currentPassword, newPassword })));
}

export async function saveEmail(email: string, password: string): Promise<Problem | null> {
  const outcome = await outcomeOf(client.api.auth.email.put({ email, password }));
  if (outcome.ok) changeMe({ email: outcome.value.email });
  return asProblem(outcome);
}

export async function deactivate(account: Me, password: string): Promise<Problem | null> {
  return asProblem(await outcomeOf(own(account).deactivate.post({ password })));
}

export async function deleteAccount(account: Me, password: string): Promise<Problem | null> {
  return asProblem(await outcomeOf(own(account).delete({ password })));
}

/** Where the account is signed in. */
export function createSessions() {
  const sessions = createAnswer(
    () => me()?.sessionId ?? null,
    () => outcomeOf(client.api.auth.sessions.get()),
    { keep: true },
  );
  return {
    ...sessions,
    async end(id: number): Promise<Problem | null> {
      const outcome = await outcomeOf(client.api.auth.sessions({ id }).delete());
      await sessions.reload();
      return asProblem(outcome);
    },
  };
}

const askTokens = () => outcomeOf(client.api.auth.tokens.get());
export type ApiToken = Extract<Awaited<ReturnType<typeof askTokens>>, { ok: true }>["value"]["items"][number];

/** What programs have instead of the password. */
export function createTokens() {
  const tokens = createAnswer(() => me()?.sessionId ?? null, askTokens, { keep: true });
  return {
    ...tokens,
    async make(name: string, scope: ApiToken["scope"], days: number | null): Promise<{ token: string } | Problem> {
      const outcome = await outcomeOf(client.api.auth.tokens.post({ name, scope, expiresInDays: days }));
      await tokens.reload();
      return outcome.ok ? { token: outcome.value.token } : outcome.problem;
    },
    async revoke(id: number): Promise<Problem | null> {
      const outcome = await outcomeOf(client.api.auth.tokens({ id }).delete());
      await tokens.reload();
      return asProblem(outcome);
    },
  };
}

/** Sends a picture as it is; the server decodes it and draws it anew. */
export async function putPicture(path: string, picture: Blob): Promise<{ url: string } | { problem: Problem }> {
  try {
    const response = await sessionFetch(path, {
      method: "PUT",
      body: picture,
      headers: { "content-type": picture.type },
    });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { url: (body as { url: string }).url };
    return { problem: problemFrom(body, response) };
  } catch {
    return { problem: problemFrom(null, undefined) };
  }
}

export async function saveAvatar(account: Me, picture: Blob): Promise<Problem | null> {
  const result = await putPicture(`/api/users/${account.id}/avatar`, picture);
  if ("problem" in result) return result.problem;
  changeMe({ avatarUrl: result.url });
  return null;
}

export async function removeAvatar(account: Me): Promise<Problem | null> {
  const outcome = await outcomeOf(own(account).avatar.delete());
  if (outcome.ok) changeMe({ avatarUrl: null });
  return asProblem(outcome);
}
