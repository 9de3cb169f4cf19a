import { DatabaseError, orderRecordingRemoval, queries, type Role } from "@streamhub/db";
import { confirmPassword } from "../auth/confirmation.ts";
import type { Actor } from "../auth/guard.ts";
import { isAdmin, mayManage, requireAdmin, requireManager } from "../auth/policy.ts";
import { announceEnd, presentChannel, viewerOf } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";
import { isReservedUsername, orNull } from "../text.ts";
import { removePictures } from "../uploads/store.ts";

/** What everyone sees, and what only the account itself and administrators do. */
function presentUser({ email, isActive, updatedAt, ...row }: queries.Profile, actor: Actor | null) {
  return toJson(mayManage(actor, row.id) ? { ...row, email, isActive, updatedAt } : row);
}

const usernameTaken = (message: string) =>
  new AppError("user.name-taken", undefined, [{ field: "/username", in: "body", message }]);

/** What the database refuses, in the words of this feature. */
function refusal(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.code === "database.username-taken") return usernameTaken(error.message);
  if (error.code === "database.last-admin") return new AppError("user.last-admin");
  return error;
}

interface UserInput {
  readonly username?: string | undefined;
  readonly fullName?: string | null | undefined;
  readonly bio?: string | null | undefined;
  readonly avatarUrl?: null | undefined;
  readonly role?: Role | undefined;
  readonly isActive?: boolean | undefined;
}

export function userService(services: Services) {
  const { db } = services;

  /** An inactive account shows itself to administrators only. */
  const read = async (actor: Actor | null, id: number) => {
    const row = await queries.getProfile(db, id);
    if (row === null || (!row.isActive && !isAdmin(actor))) throw new AppError("user.not-found");
    return row;
  };
  const get = async (actor: Actor | null, id: number) => presentUser(await read(actor, id), actor);

  /** After a change: tells of broadcasts that it ended, removes pictures that nothing shows any more. */
  const settle = async (changed: Promise<queries.ChangedProfile | null>, reason: string): Promise<void> => {
    const outcome = await changed.catch((error) => {
      throw refusal(error);
    });
    if (outcome === null) throw new AppError("user.not-found");
    await Promise.all(outcome.ended.map((stream) => announceEnd(services, stream, reason)));
    await removePictures(services.uploadsDir, outcome.pictures);
    await orderRecordingRemoval(services.bus, outcome.streamIds);
  };

  /** The account itself says its password; administrators need not for others. */
  const confirm = async (actor: Actor, id: number, password: string | undefined): Promise<void> => {
    await read(actor, id);
    requireManager(actor, id);
    if (actor.userId !== id) return;
    if (password === undefined)
      throw new AppError("request.invalid", undefined, [
        { field: "/password", in: "body", message: "Say your password" },
      ]);
    await confirmPassword(services, actor, password);
  };

  return {
    get,

    async list(
      actor: Actor,
      { limit = DEFAULT_LIMIT, ...rest }: PageQuery & Omit<queries.ProfileListRequest, "limit">,
    ) {
      requireAdmin(actor);
      const { items, nextCursor } = await queries.listProfiles(db, { ...rest, limit });
      return { items: items.map((row) => presentUser(row, actor)), nextCursor };
    },

    /** Public ones; all of them for the account itself and administrators. */
    async channels(actor: Actor | null, id: number, { limit = DEFAULT_LIMIT, cursor }: PageQuery) {
      await read(actor, id);
      const request = { ownerId: id, viewer: viewerOf(actor), limit, cursor };
      const { items, nextCursor } = await queries.listChannels(db, request);
      return { items: items.map((row) => presentChannel(row, actor)), nextCursor };
    },

    async update(actor: Actor, id: number, { fullName, bio, ...input }: UserInput) {
      const { username } = await read(actor, id);
      requireManager(actor, id);
      if (input.role !== undefined || input.isActive !== undefined) requireAdmin(actor);
      const wanted = input.username ?? username;
      if (wanted !== username && isReservedUsername(wanted) && !isAdmin(actor))
        throw usernameTaken("This name speaks for the site");
      const change = { ...input, fullName: orNull(fullName), bio: orNull(bio) };
      await settle(queries.updateProfile(db, id, change), "The account of this channel was made inactive.");
      return get(actor, id);
    },

    /** It can't sign in or publish, and nothing of it is shown, until an administrator lets it again. */
    async deactivate(actor: Actor, id: number, password: string | undefined): Promise<void> {
      await confirm(actor, id, password);
      const change = { isActive: false, revokedFor: actor.userId === id ? "deactivated" : "admin" } as const;
      await settle(queries.updateProfile(db, id, change), "The account of this channel was made inactive.");
    },

    /** Channels, streams, their views and statistics go with the account; what is live ends first. */
    async remove(actor: Actor, id: number, password: string | undefined): Promise<void> {
      await confirm(actor, id, password);
      await settle(queries.deleteAccount(db, id), "The account of this channel was deleted.");
    },
  };
}
