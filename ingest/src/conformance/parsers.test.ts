import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readAttributes } from "./attributes.ts";
import { readMediaPlaylist } from "./hls-media.ts";
import { readMultivariantPlaylist } from "./hls-multivariant.ts";
import { readInit, readMedia } from "./media-file.ts";
import { readDuration, readMpd } from "./mpd.ts";
import { initBytes, MASTER, makeModelClient, manifest, media, segmentBytes } from "./testing/model-client.ts";
import { readXml } from "./xml.ts";

/** A text with some of its characters changed, taken out or doubled. */
const damaged = (text: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.record({
        at: fc.nat({ max: text.length - 1 }),
        length: fc.nat({ max: 40 }),
        by: fc.oneof(
          fc.string({ maxLength: 6 }),
          fc.constantFrom("\n", '"', ",", "<", "&", "=", ":", "99999999999999999999"),
        ),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((changes) =>
      changes.reduce((was, { at, length, by }) => was.slice(0, at) + by + was.slice(at + length), text),
    );

const damagedBytes = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.tuple(fc.nat({ max: Math.min(bytes.length, 600) - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 8,
    })
    .map((changes) => {
      const copy = bytes.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });

describe("readers of what servers send", () => {
  test("attribute lists, HLS §4.2", () => {
    expect([...readAttributes('A=1,B="x,y=z",C-D=0x1F,E=1280x720')!]).toEqual([
      ["A", "1"],
      ["B", "x,y=z"],
      ["C-D", "0x1F"],
      ["E", "1280x720"],
    ]);
    for (const wrong of ['A="x', "a=1", "A", "A=1 B=2,=", ",A=1", 'A="x"B=1']) expect(readAttributes(wrong)).toBeNull();
  });

  test("byte ranges go on where the one before ended; keys and maps hold for what follows", () => {
    const { segments, problems } = readMediaPlaylist(
      [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:2",
        '#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"',
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"',
        "#EXTINF:2,title",
        "#EXT-X-BYTERANGE:50@100",
        "all.mp4",
        "#EXTINF:2,",
        "#EXT-X-BYTERANGE:30",
        "all.mp4",
        "#EXT-X-KEY:METHOD=NONE",
        "#EXTINF:1.5,",
        "other.mp4",
      ].join("\r\n"),
    );
    expect(problems).toEqual([]);
    expect(segments.map(({ uri, range, encryption }) => [uri, range, encryption])).toEqual([
      ["all.mp4", "100-149", "SAMPLE-AES"],
      ["all.mp4", "150-179", "SAMPLE-AES"],
      ["other.mp4", null, null],
    ]);
    expect(segments.map(({ map }) => map)).toEqual(new Array(3).fill({ uri: "all.mp4", range: "0-99" }));
  });

  test("XML", () => {
    const root = readXml(
      '<?xml version="1.0"?><!-- c --><x:a xmlns:x="u" k=\'1 &lt;&#x41;&amp;\'>t<b/><![CDATA[<&]]><x:c n="2">&gt;</x:c></x:a>\n',
    );
    if (typeof root === "string") throw new Error(root);
    expect([root.name, root.attributes.get("k"), root.text]).toEqual(["a", "1 <A&", "t<&"]);
    expect(root.children.map(({ name, text }) => [name, text])).toEqual([
      ["b", ""],
      ["c", ">"],
    ]);
    for (const wrong of [
      "",
      "x",
      "<a>",
      "<a></b>",
      "<a/><b/>",
      '<a k="1" k="2"/>',
      "<a k=1/>",
      "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
      "<a>".repeat(100),
    ]) {
      expect(typeof readXml(wrong)).toBe("string");
    }
  });

  test("durations", () => {
    expect(["PT2S", "PT1M30.5S", "P1DT1H", "PT0S"].map(readDuration)).toEqual([2, 90.5, 90_000, 0]);
    for (const wrong of ["", "P", "PT", "2S", "P1Y", "PT1"]) expect(readDuration(wrong)).toBeNull();
  });

  test("templates of manifests: numbers, times, base addresses, runs", () => {
    const mpd = readMpd(
      `<MPD profiles="p"><BaseURL>cdn/</BaseURL><Period><AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="10" startNumber="7"
        initialization="$RepresentationID$-i.mp4" media="$RepresentationID$/$Number%05d$-$Time$-$Bandwidth$$$.m4s"><SegmentTimeline>
        <S t="100" d="20" r="1"/><S d="30"/></SegmentTimeline></SegmentTemplate><Representation id="v" bandwidth="9"/></AdaptationSet></Period></MPD>`,
      "http://host/a/b.mpd",
    );
    if (typeof mpd === "string") throw new Error(mpd);
    const { template } = mpd.periods[0]!.sets[0]!.representations[0]!;
    expect(template!.initialization).toBe("http://host/a/cdn/v-i.mp4");
    expect(template!.segments).toEqual([
      { number: 7, time: 100, duration: 20, uri: "http://host/a/cdn/v/00007-100-9$.m4s" },
      { number: 8, time: 120, duration: 20, uri: "http://host/a/cdn/v/00008-120-9$.m4s" },
      { number: 9, time: 140, duration: 30, uri: "http://host/a/cdn/v/00009-140-9$.m4s" },
    ]);
  });

  test("damaged playlists and manifests are judged, never thrown at", () => {
    fc.assert(
      fc.property(
        damaged(media({ breaks: [12] })),
        damaged(media({ growing: 3, breaks: [12] })),
        damaged(MASTER),
        damaged(manifest()),
        (first, second, master, mpd) => {
          const client = makeModelClient();
          client.multivariant(master);
          client.reload(first, 37);
          client.reload(second, 38);
          client.mpd(mpd, 38);
          readMultivariantPlaylist(first);
          readMediaPlaylist(master);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("damaged segments and arbitrary bytes are read or refused", () => {
    const init = initBytes("video");
    fc.assert(
      fc.property(
        damagedBytes(init),
        damagedBytes(segmentBytes("video", 10)),
        fc.uint8Array({ maxLength: 64 }),
        (first, second, noise) => {
          readMedia(second, readInit(first));
          readMedia(second, readInit(init));
          readMedia(noise, readInit(noise));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
