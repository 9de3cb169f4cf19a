/** Pictures over HTTP: what is taken, what is left of it, who may send it, and when the file goes. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { MAX_PICTURE_BYTES, readPicture } from "./body.ts";
import { sweepPictures } from "./service.ts";
import { pictureUrl } from "./store.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;
let eve: TestUser;
let admin: TestUser;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser();
  eve = await platform.makeUser();
  admin = await platform.makeUser({ role: "admin" });
});
afterAll(async () => {
  expect(platform.failures).toEqual([]);
  await platform?.close();
});

type Asker = Pick<TestUser, "request">;
interface Problem {
  readonly code: string;
  readonly detail?: string;
}

const drawing = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 30, b: 30 } } });
const png = async (width = 64, height = 64) => new Uint8Array(await drawing(width, height).png().toBuffer());
const avatarOf = ({ id }: { id: number }) => `/api/users/${id}/avatar`;
const send = (asker: Asker, path: string, bytes: Uint8Array, type = "image/png") =>
  asker.request("PUT", path, bytes, { "content-type": type });
const codeOf = async (answer: Promise<Response>): Promise<string> => {
  const response = await answer;
  const { code = "" } = response.status === 204 ? {} : ((await response.json()) as Partial<Problem>);
  return `${response.status} ${code}`.trim();
};
async function put(asker: Asker, path: string, bytes: Uint8Array, type?: string): Promise<string> {
  const answer = await send(asker, path, bytes, type);
  const body = (await answer.json()) as { url: string };
  if (answer.status !== 200) throw new Error(JSON.stringify(body));
  return body.url;
}
const fetchPicture = async (url: string) => {
  const answer = await platform.request("GET", url);
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
};
/** A fresh account each, because what one account may send is counted. */
const somebody = () => platform.makeUser();
const folder = () => join(platform.uploadsDir);
const isThere = (url: string) => existsSync(join(folder(), url.slice("/uploads/".length)));

/** A PNG that says how large it is and holds whatever it likes. */
function pngOf(width: number, height: number, data: Uint8Array): Uint8Array {
  const chunk = (type: string, body: Uint8Array) => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return new Uint8Array(
    Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(data)), chunk("IEND", Buffer.alloc(0))]),
  );
}

describe("a picture", () => {
  test.each(["jpeg", "png", "webp", "avif", "gif"] as const)("as %s becomes a square of WebP", async (format) => {
    const user = await somebody();
    const bytes = new Uint8Array(await drawing(900, 600).toFormat(format).toBuffer());
    const url = await put(user, avatarOf(user), bytes, `image/${format}`);
    expect(url).toMatch(/^\/uploads\/[\w-]{22}\.webp$/);
    const made = await sharp(await fetchPicture(url)).metadata();
    expect(made).toMatchObject({ format: "webp", width: 512, height: 512 });
    const profile = (await (await platform.request("GET", `/api/users/${user.id}`)).json()) as { avatarUrl: string };
    expect(profile.avatarUrl).toBe(url);
  });

  test("in a form is found in the field file", async () => {
    const user = await somebody();
    const form = new FormData();
    form.set("file", new Blob([await png()], { type: "text/html" }), "../../evil.html");
    const answer = await user.request("PUT", avatarOf(user), form);
    expect(answer.status).toBe(200);
    const { url } = (await answer.json()) as { url: string };
    expect(url).not.toContain("evil");
    const other = new FormData();
    other.set("file", "no file");
    expect(await codeOf(user.request("PUT", avatarOf(user), other))).toBe("422 request.invalid");
    expect(await codeOf(user.request("PUT", avatarOf(user), new FormData()))).toMatch(/^4/);
    const broken = user.request("PUT", avatarOf(user), new Uint8Array([1, 2, 3]), {
      "content-type": "multipart/form-data; boundary=x",
    });
    expect(await codeOf(broken)).toBe("400 request.unreadable");
  });

  test("of a channel or a stream keeps its shape and is never enlarged", async () => {
    const channel = await platform.makeChannel("pictured", { owner: ada });
    const streamId = await channel.goLive();
    const sizeOf = async (url: string) => {
      const { width, height } = await sharp(await fetchPicture(url)).metadata();
      return [width, height];
    };
    const [thumbnail, cover] = [`/api/channels/${channel.id}/thumbnail`, `/api/streams/${streamId}/cover`];
    expect(await sizeOf(await put(ada, thumbnail, await png(3_000, 2_000)))).toEqual([1_080, 720]);
    expect(await sizeOf(await put(ada, thumbnail, await png(100, 40)))).toEqual([100, 40]);
    const told: string[] = [];
    const leave = await platform.bus.events.subscribe(["streams"], ({ data }) =>
      told.push((JSON.parse(data) as { type: string }).type),
    );
    const url = await put(admin, cover, await png(1_920, 1_080));
    expect(await sizeOf(url)).toEqual([1_280, 720]);
    expect(told).toEqual(["stream.updated"]);
    await leave();
    const stream = (await (await platform.request("GET", `/api/streams/${streamId}`)).json()) as Record<
      string,
      unknown
    >;
    expect(stream.coverImageUrl).toBe(url);
    expect(await codeOf(ada.request("DELETE", cover))).toBe("204");
    expect(isThere(url)).toBe(false);
  });

  test("small or thin is a picture too", async () => {
    const user = await somebody();
    for (const [width, height] of [
      [1, 1],
      [1, 5_000],
      [5_000, 3],
    ] as const) {
      const { width: w, height: h } = await sharp(
        await fetchPicture(await put(user, avatarOf(user), await png(width, height))),
      ).metadata();
      expect([w, h]).toEqual([Math.min(width, height, 512), Math.min(width, height, 512)]);
    }
  });

  test("stands upright, and tells nothing of where and with what it was taken", async () => {
    const user = await somebody();
    const left = { input: await drawing(40, 40).png().toBuffer(), left: 0, top: 0 };
    const photo = await sharp({ create: { width: 80, height: 40, channels: 3, background: "white" } })
      .composite([left])
      .jpeg()
      .withExif({
        IFD0: { Make: "Secretcamera", Copyright: "Somebody" },
        IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 0/1" },
      })
      .withMetadata({ orientation: 6 })
      .withXmp("<x:xmpmeta xmlns:x='adobe:ns:meta/'>Whereabouts</x:xmpmeta>")
      .toBuffer();
    expect(photo.includes("Secretcamera")).toBe(true);
    expect((await sharp(photo).metadata()).orientation).toBe(6);
    const channel = await platform.makeChannel("upright", { owner: user });
    const url = await put(user, `/api/channels/${channel.id}/thumbnail`, new Uint8Array(photo), "image/jpeg");
    const made = Buffer.from(await fetchPicture(url));
    const { width, height, exif, xmp, icc, iptc, orientation } = await sharp(made).metadata();
    expect({ width, height, exif, xmp, icc, iptc, orientation }).toEqual({ width: 40, height: 80 } as never);
    for (const secret of ["Secretcamera", "Somebody", "Whereabouts", "GPS", "EXIF", "XMP"])
      expect(made.includes(secret)).toBe(false);
    // Turned by a right angle, the left half is on top.
    const { data } = await sharp(made)
      .extract({ left: 20, top: 10, width: 1, height: 1 })
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(data[0]! - data[1]!).toBeGreaterThan(100);
  });

  test("that moves gives its first frame", async () => {
    const user = await somebody();
    const frames = await Promise.all(
      ["red", "blue"].map((background) =>
        sharp({ create: { width: 32, height: 32, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const moving = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(moving, { animated: true }).metadata()).pages).toBe(2);
    const made = await fetchPicture(await put(user, avatarOf(user), new Uint8Array(moving), "image/gif"));
    expect((await sharp(made, { animated: true }).metadata()).pages ?? 1).toBe(1);
    const { data } = await sharp(made).raw().toBuffer({ resolveWithObject: true });
    expect(data[0]!).toBeGreaterThan(data[2]!);
  });

  test("with something else behind it loses that", async () => {
    const user = await somebody();
    const script = "<script>alert(document.cookie)</script>";
    const polyglot = new Uint8Array(Buffer.concat([await png(), Buffer.from(`${script}PK\x03\x04`)]));
    const comment = await drawing(32, 32).gif().toBuffer();
    const extension = Buffer.concat([Buffer.from([0x21, 0xfe, script.length]), Buffer.from(script), Buffer.from([0])]);
    const gif = new Uint8Array(Buffer.concat([comment.subarray(0, -1), extension, comment.subarray(-1)]));
    for (const bytes of [polyglot, gif]) {
      const made = Buffer.from(await fetchPicture(await put(user, avatarOf(user), bytes)));
      expect(made.includes("script")).toBe(false);
      expect(made.includes("PK")).toBe(false);
    }
  });
});

describe("no picture", () => {
  const text = (words: string) => async () => new Uint8Array(Buffer.from(words));
  test.each([
    ["HTML", text("<!doctype html><script>alert(1)</script>")],
    ["SVG", text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ["XML that is SVG", text('<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["nothing", text("")],
    ["one byte", text("\x89")],
    ["PDF", text("%PDF-1.7\n1 0 obj<<>>endobj")],
    ["TIFF", async () => new Uint8Array(await drawing(8, 8).tiff().toBuffer())],
    ["a PNG of a signature alone", async () => new Uint8Array(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"))],
    [
      "HTML behind the signature of PNG",
      async () => new Uint8Array(Buffer.from("\x89PNG\r\n\x1a\n<html><script>", "latin1")),
    ],
    ["HTML behind that of JPEG", async () => new Uint8Array(Buffer.from("\xff\xd8\xff\xe0<html><script>", "latin1"))],
    ["SVG behind that of GIF", text('GIF89a<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["half a PNG", async () => (await noise("png")).subarray(0, 20_000)],
    ["half a JPEG", async () => (await noise("jpeg")).subarray(0, 6_000)],
    ["half a WebP", async () => (await noise("webp")).subarray(0, 4_000)],
    ["half an AVIF", async () => (await noise("avif")).subarray(0, 2_000)],
    ["a bomb of a PNG", async () => pngOf(30_000, 30_000, new Uint8Array(30_000))],
    ["a PNG larger than any", async () => pngOf(2 ** 31 - 1, 2 ** 31 - 1, new Uint8Array(10))],
    ["a PNG without a size", async () => pngOf(0, 0, new Uint8Array(10))],
    ["a PNG whose pixels are missing", async () => pngOf(100, 100, new Uint8Array(10))],
    [
      "an AVIF that would take too long",
      async () => new Uint8Array(await drawing(4_100, 3_000).avif({ effort: 0 }).toBuffer()),
    ],
    ["a thread", async () => png(20_000, 1)],
    [
      "a bomb that is honest",
      async () => new Uint8Array(await drawing(7_000, 6_000).png({ compressionLevel: 9 }).toBuffer()),
    ],
  ])("%s is refused", async (_name, make) => {
    const user = await somebody();
    const answer = await send(user, avatarOf(user), await make());
    const { code, detail } = (await answer.json()) as Problem;
    expect([answer.status, code]).toEqual([422, "picture.invalid"]);
    expect(detail).toBeString();
    expect(detail).not.toMatch(/vips|heif|lib|spng|Buffer/i);
    const [row] = await platform.database.sql`select avatar_url from users where id = ${user.id}`;
    expect(row?.avatar_url).toBeNull();
  });

  async function noise(format: "png" | "jpeg" | "webp" | "avif"): Promise<Uint8Array> {
    const raw = crypto.getRandomValues(new Uint8Array(128 * 128 * 3));
    return new Uint8Array(
      await sharp(raw, { raw: { width: 128, height: 128, channels: 3 } })
        .toFormat(format)
        .toBuffer(),
    );
  }

  test("damage in every place gives a picture or a refusal, never a mistake", async () => {
    const originals = await Promise.all((["png", "jpeg", "webp", "avif"] as const).map(noise));
    for (const original of originals)
      for (let round = 0; round < 6; round++) {
        const user = await somebody();
        const bytes = original.slice();
        for (let n = 0; n < 8; n++) bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
        expect(await codeOf(send(user, avatarOf(user), bytes))).toMatch(/^(200|422 picture.invalid)$/);
      }
  });

  test("what is said to be something else is not read", async () => {
    const bytes = await png();
    for (const type of ["text/html", "application/pdf", "image/", "multipart/mixed", "text/plain", "x"])
      expect(await codeOf(send(ada, avatarOf(ada), bytes, type))).toBe("415 request.media-type");
    const coded = ada.request("PUT", avatarOf(ada), bytes, { "content-type": "image/png", "content-encoding": "gzip" });
    expect(await codeOf(coded)).toBe("415 request.media-type");
  });

  test("10 MB are refused before they are read", async () => {
    const user = await somebody();
    const huge = new Uint8Array(10 * 1_024 * 1_024);
    expect(await codeOf(send(user, avatarOf(user), huge))).toBe("413 request.too-large");
    const form = new FormData();
    form.set("file", new Blob([huge]), "x.png");
    expect(await codeOf(user.request("PUT", avatarOf(user), form))).toBe("413 request.too-large");
    const declared = user.request("PUT", avatarOf(user), await png(), {
      "content-type": "image/png",
      "content-length": String(MAX_PICTURE_BYTES + 1),
    });
    expect(await codeOf(declared)).toBe("413 request.too-large");
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1_024 * 1_024;
        controller.enqueue(new Uint8Array(1_024 * 1_024));
      },
    });
    const streamed = user.request("PUT", avatarOf(user), endless, { "content-type": "image/png" });
    expect(await codeOf(streamed)).toBe("413 request.too-large");
    expect(given).toBeLessThan(12 * 1_024 * 1_024);
  });

  test("a body that never ends in time is given up, and so is one that breaks off", async () => {
    const request = (body: ReadableStream<Uint8Array>) =>
      new Request("http://localhost/x", { method: "PUT", body, headers: { "content-type": "image/png" } });
    let gone = false;
    const silent = new ReadableStream<Uint8Array>({
      cancel() {
        gone = true;
      },
    });
    const slow = readPicture(request(silent), { milliseconds: 50 });
    expect(await slow.catch((error) => error)).toMatchObject({ code: "request.slow" });
    expect(gone).toBe(true);
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) });
    expect(await readPicture(request(broken)).catch((error) => error)).toMatchObject({ code: "request.unreadable" });
  });
});

describe("who may send", () => {
  test("its owner and administrators; a private channel and a draft do not exist for others", async () => {
    const channel = await platform.makeChannel("others-eyes", { owner: ada });
    const hidden = await platform.makeChannel("no-eyes", { owner: ada, visibility: "private" });
    const draft = (await (await ada.request("POST", `/api/streams/${channel.id}`, { title: "Draft" })).json()) as {
      id: number;
    };
    const bytes = await png();
    const outcomes = async (path: string) => {
      const codes: string[] = [];
      for (const asker of [platform, eve, ada, admin]) {
        codes.push(await codeOf(send(asker, path, bytes)));
        codes.push(await codeOf(asker.request("DELETE", path)));
      }
      return codes;
    };
    const own = ["200", "204", "200", "204"];
    const missing = (code: string) => Array(2).fill(`404 ${code}.not-found`);
    const [anyone, foreign] = [Array(2).fill("401 auth.required"), Array(2).fill("403 auth.forbidden")];
    expect(await outcomes(avatarOf(ada))).toEqual([...anyone, ...foreign, ...own]);
    expect(await outcomes(`/api/channels/${channel.id}/thumbnail`)).toEqual([...anyone, ...foreign, ...own]);
    expect(await outcomes(`/api/channels/${hidden.id}/thumbnail`)).toEqual([...anyone, ...missing("channel"), ...own]);
    expect(await outcomes(`/api/streams/${draft.id}/cover`)).toEqual([...anyone, ...missing("stream"), ...own]);
  });

  test("nothing is read for an object that is not there", async () => {
    for (const id of ["0", "-1", "999999", "99999999999999"])
      for (const path of [`/api/users/${id}/avatar`, `/api/channels/${id}/thumbnail`, `/api/streams/${id}/cover`])
        expect(await codeOf(send(ada, path, new Uint8Array(10)))).toMatch(/^404 \w+.not-found$|^422 request.invalid$/);
    expect(await codeOf(send(ada, "/api/users/x/avatar", new Uint8Array(10)))).toBe("422 request.invalid");
  });

  test("an account sends so many in so short a time", async () => {
    const user = await somebody();
    const codes = new Set<string>();
    for (let n = 0; n < 31; n++) codes.add(await codeOf(send(user, avatarOf(user), new Uint8Array([1]))));
    expect([...codes]).toEqual(["422 picture.invalid", "429 limit.exceeded"]);
  });

  test("many at once are drawn, or sent away for some seconds", async () => {
    const users = await Promise.all(Array.from({ length: 30 }, somebody));
    const bytes = await png(2_000, 2_000);
    const answers = await Promise.all(users.map((user) => send(user, avatarOf(user), bytes)));
    const codes = answers.map(({ status }) => status);
    expect(codes.filter((code) => code === 200).length).toBeGreaterThan(5);
    for (const answer of answers)
      if (answer.status !== 200) expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  });
});

describe("the file", () => {
  test("is for every cache and for ever, and its type is no guess", async () => {
    const user = await somebody();
    const url = await put(user, avatarOf(user), await png());
    const answer = await platform.request("GET", url);
    const header = (name: string) => answer.headers.get(name);
    expect([header("content-type"), header("cache-control"), header("x-content-type-options")]).toEqual([
      "image/webp",
      "public, max-age=31536000, immutable",
      "nosniff",
    ]);
    const again = await platform.request("GET", url, undefined, { "if-none-match": header("etag")! });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const head = await platform.request("HEAD", url);
    expect([head.status, head.headers.get("content-type"), (await head.arrayBuffer()).byteLength]).toEqual([
      200,
      "image/webp",
      0,
    ]);
  });

  test.each([
    "../secret",
    "..%2fsecret",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5csecret",
    "%00",
    "AAAAAAAAAAAAAAAAAAAAAA.webp%00",
    "AAAAAAAAAAAAAAAAAAAAAA.webp.part",
    "AAAAAAAAAAAAAAAAAAAAAA.html",
    "AAAAAAAAAAAAAAAAAAAAAA.webp",
    "aAAAAAAAAAAAAAAAAAAAA.webp",
    ".webp",
    "%ff",
    "x".repeat(5_000),
  ])("%s is no name of one", async (name) => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), "..", "secret"), "secret");
    writeFileSync(join(folder(), "AAAAAAAAAAAAAAAAAAAAAA.html"), "secret");
    const answer = await platform.request("GET", `/uploads/${name}`);
    expect([404, 422]).toContain(answer.status);
    expect(await answer.text()).not.toContain("secret");
  });

  test("goes with what showed it", async () => {
    const user = await somebody();
    const first = await put(user, avatarOf(user), await png());
    const second = await put(user, avatarOf(user), await png());
    expect([isThere(first), isThere(second)]).toEqual([false, true]);
    expect((await user.request("PUT", `/api/users/${user.id}`, { avatarUrl: null })).status).toBe(200);
    expect(isThere(second)).toBe(false);

    const avatar = await put(user, avatarOf(user), await png());
    const make = async (slug: string) => {
      const channel = await platform.makeChannel(slug, { owner: user });
      const streamId = await channel.goLive();
      const thumbnail = await put(user, `/api/channels/${channel.id}/thumbnail`, await png());
      const cover = await put(user, `/api/streams/${streamId}/cover`, await png());
      return { channel, streamId, thumbnail, cover };
    };
    const one = await make("with-pictures-1");
    expect(await codeOf(user.request("DELETE", `/api/streams/${one.streamId}`))).toBe("204");
    expect([isThere(one.cover), isThere(one.thumbnail)]).toEqual([false, true]);
    expect(await codeOf(user.request("DELETE", `/api/channels/${one.channel.id}`))).toBe("204");
    expect(isThere(one.thumbnail)).toBe(false);
    const two = await make("with-pictures-2");
    expect(await codeOf(user.request("DELETE", `/api/users/${user.id}`, { password: TEST_PASSWORD }))).toBe("204");
    expect([avatar, two.cover, two.thumbnail].map(isThere)).toEqual([false, false, false]);
  });

  test("of many sent at once some are refused, and one is left", async () => {
    const user = await somebody();
    const bytes = await png();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(user, avatarOf(user), bytes)));
    const taken = answers.filter(({ status }) => status === 200);
    const urls = await Promise.all(taken.map(async (answer) => ((await answer.json()) as { url: string }).url));
    expect(urls.length).toBeGreaterThanOrEqual(3);
    for (const answer of answers) expect([200, 429]).toContain(answer.status);
    expect(urls.filter(isThere).length).toBe(1);
    expect((await send(user, avatarOf(user), bytes)).status).toBe(200);
  });

  test("that nothing shows is swept away once it is old; what is shown stays, and so does what is not ours", async () => {
    const user = await somebody();
    const shown = await put(user, avatarOf(user), await png());
    const old = new Date(Date.now() - 48 * 3_600_000);
    const file = (name: string, time: Date) => {
      writeFileSync(join(folder(), name), "x");
      utimesSync(join(folder(), name), time, time);
      return pictureUrl(name);
    };
    const orphan = file("oooooooooooooooooooooo.webp", old);
    const unfinished = file("uuuuuuuuuuuuuuuuuuuuuu.webp.part", old);
    const fresh = file("ffffffffffffffffffffff.webp", new Date());
    const foreign = file("notes.txt", old);
    utimesSync(join(folder(), shown.slice("/uploads/".length)), old, old);
    await sweepPictures({ db: platform.database.db, uploadsDir: folder() });
    expect([orphan, unfinished, fresh, foreign, shown].map(isThere)).toEqual([false, false, true, true, true]);
    await sweepPictures({ db: platform.database.db, uploadsDir: join(folder(), "nowhere") });
    expect(readFileSync(join(folder(), "notes.txt"), "utf8")).toBe("x");
    expect(readdirSync(folder()).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});
