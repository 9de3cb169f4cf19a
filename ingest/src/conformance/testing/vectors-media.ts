/** For each rule about bytes and answers: what keeps it and what breaks it. */
import type { ResourceKind } from "../rule.ts";
import { BASE, bytesOf, initBytes, MASTER, type ModelClient, media, segmentBytes, uriOf } from "./model-client.ts";
import { changed, type Vector } from "./vectors-playlist.ts";

/** A segment of the usual playlist with the bytes that it should have, and with others. */
const segment = (rule: string, name: string, bytes: Uint8Array): Vector => ({
  rule,
  case: name,
  good: (client) => fetchTwo(client, segmentBytes("video", 17)),
  bad: (client) => fetchTwo(client, bytes),
});

function fetchTwo(client: ModelClient, second: Uint8Array): void {
  client.reload(media(), 37);
  client.init();
  client.segment(16);
  client.segment(17, second);
}

const partBytes = (index: number): Uint8Array =>
  bytesOf("video", { from: 36 + index / 2, seconds: 0.5, isSync: index === 0 });

function fetchParts(client: ModelClient, ...parts: readonly Uint8Array[]): void {
  client.reload(media(), 37);
  client.init();
  for (const [index, bytes] of parts.entries()) client.part(18, index, bytes);
}

const goodParts = (client: ModelClient): void => fetchParts(client, partBytes(0), partBytes(1));

const GOOD: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "content-type": "application/vnd.apple.mpegurl",
  "cache-control": "public, max-age=1",
};

/** An answer with good headers, and one with others. */
const answer = (
  rule: string,
  name: string,
  resource: ResourceKind,
  headers: Readonly<Record<string, string | null>>,
  status = 200,
  /** Good ones that are not the usual ones. */
  good: Readonly<Record<string, string | null>> = {},
): Vector => {
  const type = resource === "playlist" ? {} : { "content-type": "video/mp4", "cache-control": "max-age=9, immutable" };
  const see = (client: ModelClient, given: Readonly<Record<string, string | null>>, code: number): void => {
    const kept = Object.entries({ ...GOOD, ...type, ...given }).filter(
      (each): each is [string, string] => each[1] !== null,
    );
    const got = client.answer(37, code, Object.fromEntries(kept));
    if (resource === "playlist") client.inspector.reload(uriOf("video"), media(), got);
    else client.inspector.failure(`${BASE}video/17.m4s`, resource, got);
  };
  return { rule, case: name, good: (client) => see(client, good, 200), bad: (client) => see(client, headers, status) };
};

export const MEDIA_VECTORS: readonly Vector[] = [
  {
    rule: "hls.same-bytes",
    case: "a byte is another",
    good(client) {
      client.reload(media(), 37);
      client.init();
      client.init();
    },
    bad(client) {
      client.reload(media(), 37);
      client.init();
      client.init("video", initBytes("video", 320));
    },
  },
  {
    rule: "hls.init-segment",
    case: "no movie box",
    good(client) {
      client.reload(media(), 37);
      client.init();
    },
    bad(client) {
      client.reload(media(), 37);
      client.init("video", segmentBytes("video", 10));
    },
  },
  {
    rule: "hls.codecs",
    case: "another level",
    good(client) {
      client.multivariant();
      client.reload(media(), 37);
      client.init();
      client.init("audio");
    },
    bad(client) {
      client.multivariant(changed(MASTER, "avc1.64001f", "avc1.640028"));
      client.reload(media(), 37);
      client.init();
    },
  },
  {
    rule: "hls.codecs",
    case: "sound that is not said",
    good: (client) => client.multivariant(),
    bad(client) {
      client.multivariant(changed(MASTER, ",mp4a.40.2", ""));
      client.init("audio");
    },
  },
  {
    rule: "hls.resolution",
    case: "another size",
    good(client) {
      client.multivariant();
      client.init();
    },
    bad(client) {
      client.multivariant();
      client.init("video", initBytes("video", 1280));
    },
  },
  {
    rule: "hls.readable",
    case: "no initialization segment",
    good: (client) => fetchTwo(client, segmentBytes("video", 17)),
    bad(client) {
      client.reload(media(), 37);
      client.segment(17);
    },
  },
  segment("hls.readable", "cut off amid a box", segmentBytes("video", 17).subarray(0, 700)),
  segment("hls.extinf", "1.8 s of 2 s", bytesOf("video", { from: 34, seconds: 1.8 })),
  segment("hls.decode-time", "a tenth of a second late", bytesOf("video", { from: 34.1, seconds: 2 })),
  segment("hls.decode-time", "its clock began again", bytesOf("video", { from: 0, seconds: 2 })),
  segment(
    "hls.decode-time",
    "a hole inside",
    bytesOf("video", { from: 34, seconds: 1 }, { from: 35.1, seconds: 1, isSync: false }),
  ),
  segment(
    "hls.independent-segments",
    "no sync sample at its head",
    bytesOf("video", { from: 34, seconds: 2, isSync: false }),
  ),
  {
    rule: "hls.part-duration",
    case: "0.3 s of 0.5 s",
    good: goodParts,
    bad: (client) => fetchParts(client, bytesOf("video", { from: 36, seconds: 0.3 })),
  },
  {
    rule: "hls.part-time",
    case: "a hole before it",
    good: goodParts,
    bad: (client) => fetchParts(client, partBytes(0), bytesOf("video", { from: 36.6, seconds: 0.5, isSync: false })),
  },
  {
    rule: "hls.independent-parts",
    case: "INDEPENDENT without a sync sample",
    good: goodParts,
    bad: (client) => fetchParts(client, bytesOf("video", { from: 36, seconds: 0.5, isSync: false })),
  },
  {
    rule: "hls.independent-parts",
    case: "a sync sample without INDEPENDENT",
    good: goodParts,
    bad: (client) => fetchParts(client, partBytes(0), bytesOf("video", { from: 36.5, seconds: 0.5 })),
  },
  {
    rule: "hls.parts-are-segment",
    case: "a segment of other media",
    good(client) {
      fetchParts(client, partBytes(0), partBytes(1));
      client.reload(media({ growing: 4 }), 38);
      client.part(18, 2, partBytes(2));
      client.part(18, 3, partBytes(3));
      client.reload(media({ count: 9, growing: 0 }), 38.1);
      client.segment(18);
    },
    bad(client) {
      fetchParts(client, partBytes(0), partBytes(1));
      client.reload(media({ growing: 4 }), 38);
      client.part(18, 2, partBytes(2));
      client.part(18, 3, partBytes(3));
      client.reload(media({ count: 9, growing: 0 }), 38.1);
      client.segment(18, bytesOf("video", { from: 36, seconds: 1.95 }));
    },
  },
  {
    rule: "hls.bandwidth",
    case: "a segment of 400 kbit/s, and BANDWIDTH=200000",
    good(client) {
      fetchTwo(client, segmentBytes("video", 17));
      client.multivariant();
    },
    bad(client) {
      fetchTwo(client, bytesOf("video", { from: 34, seconds: 2, size: 2500 }));
      client.multivariant();
    },
  },
  {
    rule: "hls.date-time-timeline",
    case: "the sound is dated half a second later",
    good(client) {
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
      client.init();
      client.init("audio");
      client.segment(17);
      client.segment(17, segmentBytes("audio", 17), "audio");
    },
    bad(client) {
      const late = media({ rendition: "audio" }).replace(/(DATE-TIME:.*)\.000Z/g, "$1.500Z");
      client.reload(media(), 37);
      client.reload(late, 37, { rendition: "audio" });
      client.init();
      client.init("audio");
      client.segment(17);
      client.segment(17, segmentBytes("audio", 17), "audio");
    },
  },
  {
    rule: "http.removed-answers",
    case: "gone two seconds after its removal",
    good(client) {
      client.reload(media({ growing: 0 }), 36);
      client.reload(media({ first: 11, growing: 0 }), 38);
      for (const { segment: gone } of client.inspector.removed(uriOf("video"), client.answer(40).sentAt)) {
        client.inspector.removedAnswer(uriOf("video"), gone, client.answer(40));
      }
    },
    bad(client) {
      client.reload(media({ growing: 0 }), 36);
      client.reload(media({ first: 11, growing: 0 }), 38);
      for (const { segment: gone } of client.inspector.removed(uriOf("video"), client.answer(40).sentAt)) {
        client.inspector.removedAnswer(uriOf("video"), gone, client.answer(40, 404));
      }
    },
  },
  answer("http.answers", "a segment that is listed is not there", "segment", {}, 404),
  answer("http.type", "a playlist as plain text", "playlist", { "content-type": "text/plain; charset=utf-8" }),
  answer("http.type", "a segment as anything", "segment", { "content-type": "application/octet-stream" }),
  answer("http.cors", "none", "playlist", { "access-control-allow-origin": null }),
  answer("http.cache-playlist", "a playlist for ten seconds", "playlist", { "cache-control": "max-age=10" }),
  answer("http.cache-media", "a segment for no time", "segment", { "cache-control": "no-store" }),
  answer(
    "http.cache-media",
    "a segment for no time, where others are for one viewer",
    "segment",
    { "cache-control": "no-store" },
    200,
    {
      "cache-control": "private, no-store",
    },
  ),
  answer("http.cache-missing", "a 404 for an hour", "probe", { "cache-control": "max-age=3600" }, 404),
  {
    rule: "http.cache-playlist",
    case: "a blocking reload for a minute",
    good: (client) =>
      void client.inspector.reload(
        uriOf("video"),
        media(),
        client.answer(37, 200, { ...GOOD, "cache-control": "max-age=12" }),
        {
          msn: 18,
          part: 1,
        },
      ),
    bad: (client) =>
      void client.inspector.reload(
        uriOf("video"),
        media(),
        client.answer(37, 200, { ...GOOD, "cache-control": "max-age=60" }),
        {
          msn: 18,
          part: 1,
        },
      ),
  },
  {
    rule: "hls.directives",
    case: "_HLS_part alone is answered",
    good: (client) => client.inspector.probe(uriOf("video"), "_HLS_part alone", 400, client.answer(37, 400)),
    bad: (client) => client.inspector.probe(uriOf("video"), "_HLS_part alone", 400, client.answer(37, 200)),
  },
];
