/**
 * What the API answers a guest to the first questions of a page. It travels inside the page's document, so that the page can be drawn when its script
 * has arrived, without another way to the server and back.
 */
import { channelAsked, HOME_ASKED, streamsAsked } from "./live/first-asked.ts";
import { pictureOf } from "./live/picture.ts";

export interface FirstAnswer {
  readonly etag: string | null;
  /** JSON, as the API wrote it. */
  readonly body: string;
}

/** Asks the API as a guest; null: there is no answer that a page could use. */
export type AskApi = (address: string) => Promise<FirstAnswer | null>;

export interface FirstAnswers {
  readonly byAddress: ReadonlyMap<string, FirstAnswer>;
  /** Path of the largest picture in view; null: there is none. */
  readonly picture: string | null;
}

const WATCH = /^\/watch\/([\w-]{1,64})\/?$/;

/** Whether it is known what a page asks first. */
export const isAnswered = (path: string): boolean => path === "/" || WATCH.test(path);

export async function firstAnswers(path: string, ask: AskApi): Promise<FirstAnswers> {
  const byAddress = new Map<string, FirstAnswer>();
  async function collect(addresses: readonly string[]): Promise<void> {
    await Promise.all(
      addresses.map(async (address) => {
        const answer = await ask(address);
        if (answer !== null) byAddress.set(address, answer);
      }),
    );
  }
  const firstOf = <T>(address: string): T | undefined => {
    const answer = byAddress.get(address);
    return answer === undefined ? undefined : (JSON.parse(answer.body) as { items: T[] }).items[0];
  };

  const slug = WATCH.exec(path)?.[1];
  let live = HOME_ASKED[0] ?? "";
  if (slug === undefined) await collect(HOME_ASKED);
  else {
    await collect([channelAsked(slug)]);
    const channel = firstOf<{ id: number; isLive: boolean }>(channelAsked(slug));
    if (channel === undefined) return { byAddress, picture: null };
    const [onAir = "", ...lists] = streamsAsked(channel.id);
    await collect(channel.isLive ? [onAir, ...lists] : lists);
    live = onAir;
  }
  const stream = firstOf<Parameters<typeof pictureOf>[0]>(live);
  return { byAddress, picture: stream === undefined ? null : pictureOf(stream, Date.now()) };
}

/** A block of data, which is no script: the content policy has nothing against it. No text in it can end it. */
export function answersElement(byAddress: FirstAnswers["byAddress"]): string {
  const entries = [...byAddress].map(
    ([address, { etag, body }]) => `${JSON.stringify(address)}:{"etag":${JSON.stringify(etag)},"body":${body}}`,
  );
  const data = `{${entries.join()}}`.replaceAll("<", "\\u003c");
  return `<script type="application/json" id="answers">${data}</script>`;
}
