import {
  DatabaseError,
  isSlug,
  orderRecordingRemoval,
  publishStreamChange,
  queries,
  type StreamName,
  sendCut,
  type Visibility,
} from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { isAdmin, mayManage, requireManager } from "../auth/policy.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";
import { orNull } from "../text.ts";
import { removePictures } from "../uploads/store.ts";
import { anotherSlug, slugOf } from "./slug.ts";

export const MAX_CHANNELS = 10;
const SLUG_ATTEMPTS = 5;

/** Where a channel plays, whoever serves it: the paths are the same behind every gateway. */
export function playbackOf(slug: string) {
  return { hls: `/live/${slug}/master.m3u8`, dash: `/live/${slug}/manifest.mpd` };
}

/** The picture of the moment, which ingest draws anew every ten seconds. Null where a token would be needed to see it. */
export function liveThumbnailOf(slug: string, visibility: queries.PublicChannel["visibility"]): string | null {
  return visibility === "private" ? null : `/live/${slug}/thumbnail.webp`;
}

export function viewerOf(actor: Actor | null): queries.Viewer | null {
  return actor === null ? null : { userId: actor.userId, seesAll: isAdmin(actor) };
}

/** As everyone sees it; its owner also sees its settings. */
export function presentChannel({ settings, ...row }: queries.PublicChannel, actor: Actor | null) {
  const shown = mayManage(actor, row.owner.id) ? settings : null;
  const { slug, visibility, isLive } = row;
  const thumbnailUrl = row.thumbnailUrl ?? (isLive ? liveThumbnailOf(slug, visibility) : null);
  return { ...toJson(row), thumbnailUrl, settings: shown, playback: playbackOf(slug) };
}

/** After a broadcast was ended in the database: tells everyone, and the ingest that has its publisher. */
export async function announceEnd({ bus }: Services, ended: StreamName | null, reason: string): Promise<void> {
  if (ended === null) return;
  await Promise.all([publishStreamChange(bus, "stream.ended", ended), sendCut(bus, ended.streamId, reason)]);
}

/** Throws `auth.forbidden`; for a private channel of someone else `channel.not-found`. */
export async function requireManagedChannel({ db }: Pick<Services, "db">, actor: Actor, id: number): Promise<void> {
  const channel = await queries.channelOwner(db, id);
  const hidden = channel?.visibility === "private" && !mayManage(actor, channel.userId);
  if (channel === null || hidden) throw new AppError("channel.not-found");
  requireManager(actor, channel.userId);
}

const isCode = (error: unknown, code: string) => error instanceof DatabaseError && error.code === code;

/** What the database refuses, in the words of this feature. */
function refusal(error: unknown): unknown {
  if (isCode(error, "database.slug-taken"))
    return new AppError("channel.slug-taken", undefined, [{ field: "/slug", in: "body", message: "Taken" }]);
  if (isCode(error, "database.too-many-channels"))
    return new AppError("channel.limit", `An account has at most ${MAX_CHANNELS} channels; delete one first.`);
  // Its session ended while it asked.
  if (isCode(error, "database.no-such-user")) return new AppError("auth.invalid");
  if (isCode(error, "database.stream-key-unreadable"))
    return new AppError("channel.key-unreadable", "Make a new stream key, or ask the administrator.");
  return error;
}

interface ChannelInput {
  readonly title?: string | undefined;
  readonly slug?: string | undefined;
  readonly description?: string | null | undefined;
  readonly visibility?: Visibility | undefined;
  readonly settings?: queries.ChannelSettings | undefined;
}

export function channelService(services: Services) {
  const { db, vault } = services;

  const get = async (actor: Actor | null, id: number) => {
    const row = await queries.getChannel(db, id, viewerOf(actor));
    if (row === null) throw new AppError("channel.not-found");
    return presentChannel(row, actor);
  };

  const requireManaged = (actor: Actor, id: number) => requireManagedChannel(services, actor, id);

  const found = <T>(result: T | null): T => {
    if (result === null) throw new AppError("channel.not-found");
    return result;
  };

  return {
    get,

    /** With a slug: the one channel of that name, or an empty page, so that a page can wait for a channel that does not exist yet. */
    async list(
      actor: Actor | null,
      { slug, limit = DEFAULT_LIMIT, ...rest }: PageQuery & { slug?: string; q?: string; sort?: queries.ChannelSort },
    ) {
      const viewer = viewerOf(actor);
      if (slug !== undefined) {
        // What can't be a slug is not asked for: PostgreSQL refuses some texts, such as one with a NUL, with an error.
        const row = isSlug(slug) ? await queries.getChannelBySlug(db, slug, viewer) : null;
        return { items: row === null ? [] : [presentChannel(row, actor)], nextCursor: null };
      }
      const { items, nextCursor } = await queries.listChannels(db, { ...rest, limit, viewer });
      return { items: items.map((row) => presentChannel(row, actor)), nextCursor };
    },

    async create(actor: Actor, { title, slug, description, visibility, settings }: ChannelInput & { title: string }) {
      const wanted = slug ?? slugOf(title);
      const channel = {
        title,
        description: orNull(description),
        visibility,
        settings,
        userId: actor.userId,
        limit: MAX_CHANNELS,
      };
      for (let attempt = 1; ; attempt++) {
        try {
          const name = attempt === 1 ? wanted : anotherSlug(wanted);
          const { id } = await queries.createChannel(db, vault, { ...channel, slug: name });
          return await get(actor, id);
        } catch (error) {
          const retry = slug === undefined && attempt < SLUG_ATTEMPTS && isCode(error, "database.slug-taken");
          if (!retry) throw refusal(error);
        }
      }
    },

    async update(actor: Actor, id: number, { title, slug, description, visibility, settings }: ChannelInput) {
      await requireManaged(actor, id);
      const change = { title, slug, description: orNull(description), visibility, settings };
      const outcome = found(
        await queries.updateChannel(db, id, change).catch((error) => {
          throw refusal(error);
        }),
      );
      if (outcome === "is-live")
        throw new AppError("channel.live", "Stop the broadcast before changing the name, or whether it is private.");
      return get(actor, id);
    },

    /** The live broadcast ends first; streams, views and statistics go with the channel. */
    async remove(actor: Actor, id: number): Promise<void> {
      await requireManaged(actor, id);
      const { ended, pictures, streamIds } = found(await queries.deleteChannel(db, id));
      await announceEnd(services, ended, "This channel was deleted.");
      await orderRecordingRemoval(services.bus, streamIds);
      await removePictures(services.uploadsDir, pictures);
    },

    async streamKey(actor: Actor, id: number) {
      await requireManaged(actor, id);
      const use = await queries.streamKeyOf(db, vault, id).catch((error) => {
        throw refusal(error);
      });
      return toJson(found(use));
    },

    /** The old key opens nothing from now on; who publishes with it is cut off. */
    async regenerateStreamKey(actor: Actor, id: number) {
      await requireManaged(actor, id);
      const { streamKey, ended } = found(await queries.regenerateStreamKey(db, vault, id));
      await announceEnd(services, ended, "This channel has a new stream key; set it in your encoder.");
      return { streamKey, lastUsedAt: null, lastUsedFrom: null };
    },
  };
}
