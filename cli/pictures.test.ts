/** Thumbnails, covers and storyboards of a real broadcast on a real server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Publisher, publish, removeDataDir, startServer, type TestServer, until } from "./e2e/server.ts";

setDefaultTimeout(180_000);

let server: TestServer;
let publisher: Publisher;
beforeAll(async () => {
  server = await startServer();
  publisher = publish(`${server.rtmp}/${server.streamKey}`);
});
afterAll(async () => {
  await publisher?.stop();
  await server?.killHard();
  if (server !== undefined) removeDataDir(server.dataDir);
});

const live = (name: string) => `${server.site}/live/${server.slug}/${name}`;
const vod = (name: string) => `${server.site}/vod/1/${name}`;
const found = async (url: string): Promise<Response | null> => {
  const response = await fetch(url);
  return response.ok ? response : null;
};
const streamOf = async () =>
  (await (await fetch(`${server.site}/api/streams/1`)).json()) as { isLive: boolean; thumbnailUrl: string | null };

/** VP8: RFC 6386 §9.1, in the RIFF container of WebP. */
async function sizeOf(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toBe("image/webp");
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 15)).toBe("RIFFWEBPVP8");
  return `${bytes.readUInt16LE(26) & 0x3fff}x${bytes.readUInt16LE(28) & 0x3fff}`;
}

interface Cue {
  readonly from: number;
  readonly to: number;
  readonly sheet: string;
  readonly place: string;
}

const seconds = (clock: string): number => clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

function readStoryboard(text: string): Cue[] {
  expect(text.startsWith("WEBVTT\n\n")).toBe(true);
  return [...text.matchAll(/^(\S+) --> (\S+)\n([^#\n]+)#xywh=(\S+)$/gm)].map(([, from, to, sheet, place]) => ({
    from: seconds(from!),
    to: seconds(to!),
    sheet: sheet!,
    place: place!,
  }));
}

describe("while it is live", () => {
  test("the thumbnail is a WebP of two sizes that caches may keep for ten seconds", async () => {
    const large = await until("there is a thumbnail", () => found(live("thumbnail.webp")), 60);
    expect(large.headers.get("cache-control")).toBe("public, max-age=10");
    expect(await sizeOf(large)).toBe("640x360");
    expect(await sizeOf(await fetch(live("thumbnail-320.webp")))).toBe("320x180");
    await until("who has it is told so", async () => {
      // It may be drawn anew between the two.
      const etag = (await fetch(live("thumbnail.webp"))).headers.get("etag")!;
      return (await fetch(live("thumbnail.webp"), { headers: { "if-none-match": etag } })).status === 304;
    });
    expect((await fetch(live("thumbnail.webp"), { method: "HEAD" })).headers.get("content-type")).toBe("image/webp");
    expect(await streamOf()).toMatchObject({ isLive: true, thumbnailUrl: `/live/${server.slug}/thumbnail.webp` });
  });

  test("it changes as the picture does", async () => {
    const first = await fetch(live("thumbnail.webp"));
    const before = await first.bytes();
    const next = await until(
      "there is another one",
      async () => {
        const response = await fetch(live("thumbnail.webp"));
        return response.headers.get("etag") !== first.headers.get("etag") && response;
      },
      90,
    );
    expect(Buffer.from(await next.bytes()).equals(before)).toBe(false);
  });

  test("the storyboard names places in a sheet that is there", async () => {
    const response = await fetch(live("storyboard.vtt"));
    expect(response.headers.get("content-type")).toStartWith("text/vtt");
    const text = await response.text();
    expect(text).toMatch(/^NOTE zero \d{4}-\d\d-\d\dT/m);
    const cues = readStoryboard(text);
    expect(cues.length).toBeGreaterThanOrEqual(2);
    for (const [index, { from, to }] of cues.entries()) {
      expect(to).toBeGreaterThan(from);
      if (index > 0) expect(from).toBe(cues[index - 1]!.to);
    }
    expect(cues.map(({ place }) => place).slice(0, 2)).toEqual(["0,0,160,90", "160,0,160,90"]);
    expect(await sizeOf(await fetch(live(cues[0]!.sheet)))).toBe("800x450");
    expect((await fetch(live("storyboard-1-0.webp"))).status).toBe(404);
  });

  test("its cost is in the metrics", async () => {
    const text = await (await fetch(`${server.site}/metrics`)).text();
    expect(Number(/^streamhub_pictures_drawn_total (\d+)/m.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    expect(Number(/^streamhub_pictures_failed_total (\d+)/m.exec(text)?.[1])).toBe(0);
    expect(Number(/^streamhub_pictures_cpu_seconds_total ([\d.]+)/m.exec(text)?.[1])).toBeGreaterThan(0);
  });
});

describe("when it is over", () => {
  test("the stream shows the last picture, and the recording has its storyboard", async () => {
    await publisher.stop();
    const { thumbnailUrl } = await until(
      "it has a cover",
      async () => {
        const stream = await streamOf();
        return !stream.isLive && stream.thumbnailUrl !== null && stream;
      },
      90,
    );
    expect(thumbnailUrl).toMatch(/^\/uploads\/[\w-]{22}\.webp$/);
    expect(await sizeOf(await until("the cover", () => found(`${server.site}${thumbnailUrl}`), 30))).toBe("640x360");
    const storyboard = await until("the recording's storyboard", () => found(vod("storyboard.vtt")), 60);
    expect(storyboard.headers.get("content-type")).toStartWith("text/vtt");
    const cues = readStoryboard(await storyboard.text());
    expect(cues.length).toBeGreaterThanOrEqual(2);
    expect(cues[0]!.sheet).toBe("storyboard-0.webp");
    const sheet = await fetch(vod(cues[0]!.sheet));
    expect(sheet.headers.get("cache-control")).toContain("immutable");
    expect(await sizeOf(sheet)).toBe("800x450");
    expect((await fetch(vod("storyboard-7.webp"))).status).toBe(404);
    // Nothing of it is left to run, nor was anything wrong.
    expect(await server.stop()).toBe(0);
    expect(server.log()).not.toContain("pictures.failed");
  });
});
