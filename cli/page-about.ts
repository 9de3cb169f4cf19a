/** What the site's pages say of themselves to machines that run no scripts: asked from the API as anyone would, so that nothing private gets in. */
import { feedPath } from "@streamhub/api";
import type { AskApi } from "@streamhub/web/page-answers";
import type { DescribePage } from "@streamhub/web/page-head";
import type { Addresses } from "./http.ts";

interface Described {
  readonly title: string;
  readonly description: string | null;
  readonly thumbnailUrl: string | null;
  readonly coverImageUrl?: string | null;
  readonly isLive: boolean;
}

/** `ask`: the API. */
export function makeDescribePage(ask: (request: Request) => Response | Promise<Response>): DescribePage {
  async function read<T>(path: string): Promise<T | null> {
    const response = await ask(new Request(`http://localhost${path}`));
    return response.ok ? ((await response.json()) as T) : null;
  }
  const about = (
    { title, description, thumbnailUrl, coverImageUrl, isLive }: Described,
    feed: string | null,
    livePicture: string | null = null,
  ) => ({
    title,
    description,
    picture: coverImageUrl ?? thumbnailUrl ?? (isLive ? livePicture : null),
    isLive,
    feed,
  });

  return async (path) => {
    const [, page, name = ""] = path.split("/");
    if (page === "v") {
      const stream = await read<Described>(`/api/streams/${name}`);
      return stream === null ? null : about(stream, null);
    }
    const found = await read<{ items: Described[] }>(`/api/channels?slug=${name}`);
    const channel = found?.items[0];
    return channel === undefined ? null : about(channel, feedPath(name), `/live/${name}/thumbnail.webp`);
  };
}

/** `ask`: the API. What is asked for a visitor counts as asked by them. */
export function makeAskApi(
  ask: (request: Request) => Response | Promise<Response>,
  addresses: Addresses,
): (address: string, visitor: Request) => ReturnType<AskApi> {
  return async (address, visitor) => {
    const request = new Request(`http://localhost${address}`);
    addresses.note(request, () => addresses.of(visitor));
    const response = await ask(request);
    return response.ok ? { etag: response.headers.get("etag"), body: await response.text() } : null;
  };
}
