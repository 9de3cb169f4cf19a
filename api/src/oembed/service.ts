/** What other sites need to show a player of ours: oEmbed 1.0, for the addresses of channels and recordings that everyone may see. */
import type { Static } from "elysia";
import { channelService } from "../channels/service.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { streamService } from "../streams/service.ts";
import type { OembedQuery, OembedSchema } from "./model.ts";

const PLAYER = { width: 640, height: 360 } as const;
const PICTURE = { thumbnail_width: 640, thumbnail_height: 360 } as const;
const CACHE_SECONDS = 300;
const PAGE = /^\/(?:watch|embed)\/([^/]{1,100})\/?$/;
const RECORDING = /^\/v\/(\d{1,10})\/?$/;

interface Shown {
  readonly title: string;
  readonly author: string;
  readonly slug: string;
  /** Path of the player. */
  readonly player: string;
  readonly picture: string | null;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

/** As large as is allowed, at most the usual size, 16:9. */
export function playerSize(maxwidth: number = PLAYER.width, maxheight: number = PLAYER.height) {
  const scale = Math.min(1, maxwidth / PLAYER.width, maxheight / PLAYER.height);
  return {
    width: Math.max(1, Math.floor(PLAYER.width * scale)),
    height: Math.max(1, Math.floor(PLAYER.height * scale)),
  };
}

export function oembedService(services: Services) {
  const channels = channelService(services);
  const streams = streamService(services);
  const unknown = () => new AppError("channel.not-found", "There is no page with a player at this address.");

  async function channelAt(slug: string): Promise<Shown> {
    const { items } = await channels.list(null, { slug });
    const [channel] = items;
    if (channel === undefined) throw new AppError("channel.not-found");
    const { title, thumbnailUrl, owner } = channel;
    return { title, author: owner.fullName ?? owner.username, slug, player: `/embed/${slug}`, picture: thumbnailUrl };
  }

  async function recordingAt(id: number): Promise<Shown> {
    const { title, channel, thumbnailUrl, coverImageUrl, playback } = await streams.get(null, id);
    if (playback === null) throw new AppError("stream.not-found", "There is no recording of this stream.");
    const { slug } = channel;
    const picture = thumbnailUrl ?? coverImageUrl;
    return { title, author: channel.title, slug, player: `/embed/${slug}?stream=${id}`, picture };
  }

  return {
    /** Throws `channel.not-found`, `stream.not-found`. */
    async describe(
      { url, maxwidth, maxheight }: Static<typeof OembedQuery>,
      request: Request,
    ): Promise<Static<typeof OembedSchema>> {
      const site = services.publicUrl ?? new URL(request.url).origin;
      if (!URL.canParse(url)) throw unknown();
      const { host, pathname } = new URL(url);
      const hosts = [new URL(site).host, request.headers.get("host") ?? new URL(request.url).host];
      if (!hosts.includes(host)) throw unknown();
      const [slug, id] = [PAGE.exec(pathname)?.[1], RECORDING.exec(pathname)?.[1]];
      if (slug === undefined && id === undefined) throw unknown();
      const {
        title,
        author,
        slug: name,
        player,
        picture,
      } = slug === undefined ? await recordingAt(Number(id)) : await channelAt(slug);
      const { width, height } = playerSize(maxwidth, maxheight);
      const src = escaped(new URL(player, site).href);
      return {
        version: "1.0",
        type: "video",
        provider_name: "StreamHub",
        provider_url: site,
        title,
        author_name: author,
        author_url: new URL(`/watch/${name}`, site).href,
        cache_age: CACHE_SECONDS,
        html: `<iframe src="${src}" title="${escaped(title)}" width="${width}" height="${height}" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`,
        width,
        height,
        ...(picture === null ? {} : { thumbnail_url: new URL(picture, site).href, ...PICTURE }),
      };
    },
  };
}
