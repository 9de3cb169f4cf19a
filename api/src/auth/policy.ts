/** What an actor may do. Moderators keep order (chat, visibility of what breaks the rules); secrets and settings are the owner's and admins'. */
import { AppError } from "../error.ts";
import type { Actor } from "./guard.ts";

export const isAdmin = (actor: Actor | null): boolean => actor?.role === "admin";

export const isModerator = (actor: Actor | null): boolean => actor?.role === "moderator" || isAdmin(actor);

/** Owner or admin: reads keys, changes and deletes. */
export const mayManage = (actor: Actor | null, ownerId: number): boolean =>
  actor !== null && (actor.userId === ownerId || isAdmin(actor));

/** Throws `auth.forbidden`. Where even the object's existence is private, throw its not-found instead. */
export function requireManager(actor: Actor, ownerId: number): void {
  if (!mayManage(actor, ownerId)) throw new AppError("auth.forbidden");
}

export function requireAdmin(actor: Actor): void {
  if (!isAdmin(actor)) throw new AppError("auth.forbidden");
}
