import { queries } from "@streamhub/db";
import { playbackOf } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";

function present(row: queries.PublicStream) {
  return { ...toJson(row), playback: row.isLive ? playbackOf(row.channel.slug) : null };
}

export function streamService({ db }: Services) {
  return {
    async list({ limit = DEFAULT_LIMIT, ...rest }: PageQuery & { live?: boolean; channelId?: number }) {
      const { items, nextCursor } = await queries.listStreams(db, { ...rest, limit });
      return { items: items.map(present), nextCursor };
    },
    async get(id: number) {
      const row = await queries.getStream(db, id);
      if (row === null) throw new AppError("stream.not-found");
      return present(row);
    },
  };
}
