/** A channel's broadcasts for feed readers: what is live and what was, the newest first; what is private is nobody's here. */
import { channelService } from "../channels/service.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { streamService } from "../streams/service.ts";
import { atomOf, type Entry } from "./atom.ts";

const ENTRIES = 30;

/** Path of a channel's feed. */
export const feedPath = (slug: string): string => `/watch/${slug}/feed.xml`;

export function feedService(services: Services) {
  const channels = channelService(services);
  const streams = streamService(services);

  return {
    /** Throws `channel.not-found`. `origin`: the site's, such as `https://live.example.org`. */
    async atom(slug: string, origin: string): Promise<string> {
      const channel = (await channels.list(null, { slug })).items[0];
      if (channel === undefined) throw new AppError("channel.not-found");
      const { items } = await streams.list(null, { channelId: channel.id, limit: ENTRIES });
      const at = (path: string) => new URL(path, origin).href;
      const page = at(`/watch/${slug}`);
      const entries = items.map((stream): Entry => {
        const { recording } = stream;
        const started = stream.startedAt ?? stream.createdAt;
        return {
          id: at(`/v/${stream.id}`),
          title: stream.title,
          summary: stream.description,
          page: stream.isLive ? page : at(`/v/${stream.id}`),
          published: started,
          updated: stream.endedAt ?? started,
          isLive: stream.isLive,
          file:
            recording === null || recording.download === null
              ? null
              : { url: at(recording.download), bytes: recording.size ?? 0 },
        };
      });
      const times = [channel.createdAt, ...entries.map(({ updated }) => updated)].toSorted();
      return atomOf({
        id: at(`/api/channels/${channel.id}`),
        title: channel.title,
        subtitle: channel.description,
        author: channel.owner.fullName ?? channel.owner.username,
        page,
        self: at(feedPath(slug)),
        picture: channel.thumbnailUrl === null ? null : at(channel.thumbnailUrl),
        updated: times.at(-1) ?? channel.createdAt,
        entries,
      });
    },
  };
}
