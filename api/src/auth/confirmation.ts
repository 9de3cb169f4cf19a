/** The password once more, before something that a borrowed browser should not do: deleting or deactivating the account. */
import { queries } from "@streamhub/db";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { type Actor, sessionOf } from "./guard.ts";
import { refuseWhenBusy, verifyPassword } from "./passwords.ts";

/** Whoever has the session may guess so often. Its owner signs in again, where other rules hold. */
const GUESSES = { limit: 10, window: 15 * 60_000 };

/** Gives the hash that it was compared with. Throws `auth.password` for a wrong one, `limit.exceeded` after too many or when too many people wait for theirs. */
export async function confirmPassword(
  { db, bus }: Services,
  actor: Actor,
  password: string,
  field = "/password",
): Promise<string> {
  const key = `confirm-password:${sessionOf(actor)}`;
  const allowed = async () => {
    const { allowed, retryAfter } = await bus.limits.hit(key, GUESSES);
    if (!allowed)
      throw new AppError("limit.exceeded", "Too many wrong passwords.", undefined, Math.max(1, retryAfter / 1_000));
  };
  const hash = await queries.passwordHashOf(db, actor.userId);
  const right = await verifyPassword(password, hash, allowed).catch(refuseWhenBusy);
  if (!right || hash === null)
    throw new AppError("auth.password", undefined, [{ field, in: "body", message: "Not the password" }]);
  await bus.limits.reset(key);
  return hash;
}
