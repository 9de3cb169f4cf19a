import { isSlug, queries } from "@streamhub/db";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";

/** Where a channel plays, whoever serves it: the paths are the same behind every gateway. */
export function playbackOf(slug: string) {
  return { hls: `/live/${slug}/master.m3u8`, dash: `/live/${slug}/manifest.mpd` };
}

function present(row: queries.PublicChannel) {
  return { ...toJson(row), playback: playbackOf(row.slug) };
}

export function channelService({ db }: Services) {
  return {
    /** With a slug: the one channel of that name, or an empty page, so that a page can wait for a channel that does not exist yet. */
    async list({ slug, limit = DEFAULT_LIMIT, ...rest }: PageQuery & { slug?: string }) {
      if (slug !== undefined) {
        // What can't be a slug is not asked for: PostgreSQL refuses some texts, such as one with a NUL, with an error.
        const row = isSlug(slug) ? await queries.getChannelBySlug(db, slug) : null;
        return { items: row === null ? [] : [present(row)], nextCursor: null };
      }
      const { items, nextCursor } = await queries.listChannels(db, { ...rest, limit });
      return { items: items.map(present), nextCursor };
    },
    async get(id: number) {
      const row = await queries.getChannel(db, id);
      if (row === null) throw new AppError("channel.not-found");
      return present(row);
    },
  };
}
