import { publishStreamChange, queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { makeGate } from "../auth/passwords.ts";
import { isAdmin, mayManage, requireManager } from "../auth/policy.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { readPicture } from "./body.ts";
import { type PictureKind, toWebp, uploadsBusy } from "./picture.ts";
import { oldPictures, removePictures, savePicture } from "./store.ts";

/** Bodies of pictures that are held in memory at once. */
const intake = makeGate(12, 0, uploadsBusy);
/** Of one account. */
const RATE = { limit: 30, window: 10 * 60_000 };
/** Of one account at once: whoever sends slowly on purpose takes no more places than this. */
const AT_ONCE = 3;
const sending = new Map<number, number>();

async function inTurn<T>(userId: number, work: () => Promise<T>): Promise<T> {
  const others = sending.get(userId) ?? 0;
  if (others >= AT_ONCE)
    throw new AppError("limit.exceeded", `At most ${AT_ONCE} pictures of one account arrive at once.`, undefined, 5);
  sending.set(userId, others + 1);
  try {
    return await intake(work);
  } finally {
    const left = (sending.get(userId) ?? 1) - 1;
    if (left > 0) sending.set(userId, left);
    else sending.delete(userId);
  }
}

/** So long a file may be there before a row names it, and long after a backup was put back. */
const ORPHAN_MS = 24 * 3_600_000;

interface Target {
  /** Throws what the feature throws when the actor may not change the object. */
  allow(actor: Actor, id: number): Promise<void>;
  /** Null: the object is gone. */
  set(id: number, url: string | null): Promise<queries.ReplacedPicture | null>;
  readonly missing: "user.not-found" | "channel.not-found" | "stream.not-found";
  changed?(id: number): Promise<void>;
}

export function uploadService(services: Services) {
  const { db, bus, uploadsDir } = services;

  const targets: Readonly<Record<PictureKind, Target>> = {
    avatar: {
      missing: "user.not-found",
      set: (id, url) => queries.setAvatar(db, id, url),
      async allow(actor, id) {
        const user = await queries.getProfile(db, id);
        if (user === null || (!user.isActive && !isAdmin(actor))) throw new AppError("user.not-found");
        requireManager(actor, id);
      },
    },
    thumbnail: {
      missing: "channel.not-found",
      set: (id, url) => queries.setChannelThumbnail(db, id, url),
      async allow(actor, id) {
        const channel = await queries.channelOwner(db, id);
        const hidden = channel?.visibility === "private" && !mayManage(actor, channel.userId);
        if (channel === null || hidden) throw new AppError("channel.not-found");
        requireManager(actor, channel.userId);
      },
    },
    cover: {
      missing: "stream.not-found",
      set: (id, url) => queries.setStreamCover(db, id, url),
      async allow(actor, id) {
        const stream = await queries.streamOwner(db, id);
        const mine = stream !== null && mayManage(actor, stream.userId);
        if (stream === null || (!mine && (stream.visibility === "private" || stream.isDraft)))
          throw new AppError("stream.not-found");
        requireManager(actor, stream.userId);
      },
      async changed(id) {
        const stream = await queries.getStream(db, id, { userId: 0, seesAll: true });
        if (stream === null) return;
        const { id: channelId, slug, visibility } = stream.channel;
        await publishStreamChange(bus, "stream.updated", { streamId: id, channelId, slug, visibility });
      },
    },
  };

  const show = async (kind: PictureKind, id: number, url: string | null): Promise<void> => {
    const target = targets[kind];
    const outcome = await target.set(id, url);
    if (outcome === null) throw new AppError(target.missing);
    await removePictures(uploadsDir, [outcome.replaced]);
    await target.changed?.(id);
  };

  return {
    /** The new picture's address. The body is read only when the actor may change the object. */
    async put(actor: Actor, kind: PictureKind, id: number, request: Request): Promise<{ url: string }> {
      await targets[kind].allow(actor, id);
      const { allowed, retryAfter } = await bus.limits.hit(`upload:${actor.userId}`, RATE);
      if (!allowed)
        throw new AppError("limit.exceeded", "So many pictures in so short a time.", undefined, retryAfter / 1_000);
      return inTurn(actor.userId, async () => {
        const picture = await toWebp(await readPicture(request), kind);
        const url = await savePicture(uploadsDir, picture);
        await show(kind, id, url).catch(async (error) => {
          await removePictures(uploadsDir, [url]);
          throw error;
        });
        return { url };
      });
    },

    async remove(actor: Actor, kind: PictureKind, id: number): Promise<void> {
      await targets[kind].allow(actor, id);
      await show(kind, id, null);
    },
  };
}

/** Removes files that nothing refers to: a crash came between writing one and naming it, or between a row's end and its file's. */
export async function sweepPictures({ db, uploadsDir }: Pick<Services, "db" | "uploadsDir">, now = Date.now()) {
  for await (const urls of oldPictures(uploadsDir, now - ORPHAN_MS)) {
    const used = await queries.picturesInUse(db, urls);
    await removePictures(
      uploadsDir,
      urls.filter((url) => !used.has(url)),
    );
  }
}
