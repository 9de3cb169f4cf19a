/** For each rule about playlists: what keeps it and what breaks it. */
import { MASTER, type ModelClient, media, uriOf } from "./model-client.ts";

export interface Vector {
  readonly rule: string;
  readonly case: string;
  /** Keeps every rule. */
  readonly good: (client: ModelClient) => void;
  readonly bad: (client: ModelClient) => void;
}

/** A playlist as it should be, and one that differs in a text. */
const spoiled = (rule: string, name: string, from: string | RegExp, to: string, text = media()): Vector => ({
  rule,
  case: name,
  good: (client) => client.reload(text, 37),
  bad: (client) => client.reload(changed(text, from, to), 37),
});

/** Two reloads, the second of which differs in a text. */
const respoiled = (
  rule: string,
  name: string,
  from: string | RegExp,
  to: string,
  again = media({ growing: 3 }),
): Vector => ({
  rule,
  case: name,
  good(client) {
    client.reload(media(), 37);
    client.reload(again, 37.5);
  },
  bad(client) {
    client.reload(media(), 37);
    client.reload(changed(again, from, to), 37.5);
  },
});

export function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`${from} is not in the text`);
  return result;
}

const multivariant = (rule: string, name: string, from: string | RegExp, to: string): Vector => ({
  rule,
  case: name,
  good: (client) => client.multivariant(),
  bad: (client) => client.multivariant(changed(MASTER, from, to)),
});

export const PLAYLIST_VECTORS: readonly Vector[] = [
  multivariant("hls.multivariant-syntax", "a variant without BANDWIDTH", "BANDWIDTH=200000,", ""),
  multivariant("hls.multivariant-syntax", "a group that is not there", 'AUDIO="audio"', 'AUDIO="sound"'),
  multivariant("hls.multivariant-syntax", "a variant without URI", "\nvideo/index.m3u8", ""),
  multivariant("hls.multivariant-syntax", "an attribute list that is none", 'CODECS="avc1', "CODECS=avc1"),
  multivariant("hls.variant-attributes", "no CODECS", 'CODECS="avc1.64001f,mp4a.40.2",', ""),
  multivariant("hls.variant-attributes", "no FRAME-RATE", ",FRAME-RATE=20.000", ""),
  spoiled("hls.syntax", "no EXTM3U", "#EXTM3U\n", "\n"),
  spoiled("hls.syntax", "no target duration", /#EXT-X-TARGETDURATION.*\n/, ""),
  spoiled("hls.syntax", "a segment without EXTINF", "#EXTINF:2.00000,\n10.m4s", "10.m4s"),
  spoiled("hls.syntax", "EXTINF without a segment", "\n17.m4s", ""),
  spoiled("hls.syntax", "a date that is none", "TIME:2026-11-24T00:00:20.000Z", "TIME:yesterday"),
  spoiled("hls.syntax", "a part without DURATION", "DURATION=0.50000,", ""),
  {
    rule: "hls.syntax",
    case: "a delta update that leaves out what was never listed",
    good(client) {
      client.reload(media({ count: 12 }), 45);
      client.reload(media({ count: 12, growing: 3, skipped: 3 }), 45.5);
    },
    bad(client) {
      client.reload(media({ first: 11, count: 11 }), 45);
      client.reload(media({ count: 12, growing: 3, skipped: 3 }), 45.5);
    },
  },
  spoiled("hls.version", "EXT-X-MAP in version 5", "VERSION:9", "VERSION:5"),
  spoiled("hls.target-duration", "2.5 s and a target of 2", "EXTINF:2.00000,\n17", "EXTINF:2.50000,\n17"),
  spoiled("hls.server-control", "HOLD-BACK of two targets", ",HOLD-BACK=6", ",HOLD-BACK=4"),
  spoiled("hls.server-control", "CAN-SKIP-UNTIL of five targets", "UNTIL=12", "UNTIL=10"),
  spoiled("hls.server-control", "PART-HOLD-BACK below two part targets", "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=0.9"),
  spoiled("hls.server-control", "no PART-HOLD-BACK", "PART-HOLD-BACK=1.5,", ""),
  spoiled("hls.server-control", "parts without PART-INF", /#EXT-X-PART-INF.*\n/, ""),
  spoiled("hls.part-hold-back", "two part targets", "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.0"),
  spoiled("hls.part-target", "0.501 of 0.5", 'DURATION=0.50000,URI="p17-1', 'DURATION=0.50100,URI="p17-1'),
  spoiled("hls.part-length", "0.4 of 0.5 amid a segment", 'DURATION=0.50000,URI="p17-1', 'DURATION=0.40000,URI="p17-1'),
  {
    rule: "hls.part-length",
    case: "a short part is judged when it turns out not to be the last",
    good(client) {
      client.reload(changed(media(), 'DURATION=0.50000,URI="p18-1', 'DURATION=0.48000,URI="p18-1'), 37);
      client.reload(changed(media({ growing: 3 }), 'DURATION=0.50000,URI="p18-1', 'DURATION=0.48000,URI="p18-1'), 37.5);
    },
    bad(client) {
      client.reload(changed(media(), 'DURATION=0.50000,URI="p18-1', 'DURATION=0.20000,URI="p18-1'), 37);
      client.reload(changed(media({ growing: 3 }), 'DURATION=0.50000,URI="p18-1', 'DURATION=0.20000,URI="p18-1'), 37.5);
    },
  },
  spoiled("hls.parts-fill-segment", "parts of 1.5 s", /#EXT-X-PART:.*p17-3.*\n/, ""),
  spoiled("hls.preload-hint", "none", /#EXT-X-PRELOAD-HINT.*\n/, ""),
  spoiled(
    "hls.end",
    "a hint beside EXT-X-ENDLIST",
    "#EXT-X-ENDLIST",
    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p18-0.m4s"\n#EXT-X-ENDLIST',
    media({ isEnded: true }),
  ),
  spoiled("hls.unique-uri", "one URI for two segments", "\n17.m4s", "\n16.m4s"),
  spoiled("hls.date-time", "a second is missing", "TIME:2026-11-24T00:00:34.000Z", "TIME:2026-11-24T00:00:33.000Z"),

  respoiled("hls.constants", "TARGETDURATION", "TARGETDURATION:2", "TARGETDURATION:3"),
  respoiled("hls.constants", "PART-TARGET", "PART-TARGET=0.5", "PART-TARGET=0.51"),
  respoiled("hls.constants", "PART-HOLD-BACK", "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.6"),
  respoiled("hls.constants", "CAN-SKIP-UNTIL is gone", ",CAN-SKIP-UNTIL=12", ""),
  {
    rule: "hls.media-sequence",
    case: "it goes back",
    good(client) {
      client.reload(media(), 37);
      client.reload(media({ first: 11 }), 39);
    },
    bad(client) {
      client.reload(media({ first: 11 }), 39);
      client.reload(media(), 39.1);
    },
  },
  {
    rule: "hls.media-sequence",
    case: "a republish begins at zero again",
    good: (client) => client.reload(media(), 37),
    bad(client) {
      client.reload(media(), 37);
      client.reload(media({ first: 0, count: 1 }), 42);
    },
  },
  respoiled("hls.stable-segments", "EXTINF of a listed segment", "EXTINF:2.00000,\n12", "EXTINF:1.98000,\n12"),
  respoiled("hls.stable-segments", "URI of a listed segment", "\n12.m4s", "\nother.m4s"),
  {
    rule: "hls.stable-segments",
    case: "its discontinuity tag is gone",
    good(client) {
      client.reload(media({ breaks: [14] }), 37);
      client.reload(media({ breaks: [14], growing: 3 }), 37.5);
    },
    bad(client) {
      client.reload(media({ breaks: [14] }), 37);
      client.reload(changed(media({ breaks: [14], growing: 3 }), "#EXT-X-DISCONTINUITY\n", ""), 37.5);
    },
  },
  respoiled(
    "hls.stable-parts",
    "DURATION of a listed part",
    'DURATION=0.50000,URI="p18-0',
    'DURATION=0.49000,URI="p18-0',
  ),
  respoiled("hls.stable-parts", "URI of a listed part", "p18-0.m4s", "q18-0.m4s"),
  {
    rule: "hls.discontinuity-sequence",
    case: "a tag scrolled out and was not counted",
    good(client) {
      client.reload(media({ breaks: [12] }), 37);
      client.reload(media({ first: 13, breaks: [12] }), 43);
    },
    bad(client) {
      client.reload(media({ breaks: [12] }), 37);
      client.reload(
        changed(media({ first: 13, breaks: [12] }), "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0"),
        43,
      );
    },
  },
  spoiled("hls.discontinuity-tag", "another map without a tag", "#EXT-X-DISCONTINUITY\n", "", media({ breaks: [14] })),
  {
    rule: "hls.update-cadence",
    case: "seen missing 5 s after the one before",
    good(client) {
      client.reload(media({ growing: 0 }), 36);
      client.reload(media({ growing: 3 }), 38);
      client.reload(media({ first: 11, growing: 0 }), 38.2);
    },
    bad(client) {
      client.reload(media({ growing: 0 }), 36);
      client.reload(media({ growing: 3 }), 41);
      client.reload(media({ first: 11, growing: 0 }), 41.2);
    },
  },
  {
    rule: "hls.silence",
    case: "nothing new for 6 s",
    good(client) {
      client.reload(media(), 37);
      client.inspector.leave(uriOf("video"), client.answer(39));
    },
    bad(client) {
      client.reload(media(), 37);
      client.inspector.leave(uriOf("video"), client.answer(43));
    },
  },
  {
    rule: "hls.window",
    case: "two segments left",
    good(client) {
      client.reload(media({ count: 3 }), 27);
      client.reload(media({ first: 11, count: 3 }), 29);
    },
    bad(client) {
      client.reload(media({ count: 3 }), 27);
      client.reload(media({ first: 11, count: 2 }), 27.5);
    },
  },
  {
    rule: "hls.finality",
    case: "a segment after the end",
    good(client) {
      client.reload(media({ isEnded: true }), 37);
      client.reload(media({ isEnded: true }), 39);
    },
    bad(client) {
      client.reload(media({ isEnded: true }), 37);
      client.reload(media({ isEnded: true, count: 9 }), 39);
    },
  },
  respoiled("hls.hint-kept", "another part was listed", 'URI="p18-2.m4s"', 'URI="q18-2.m4s"'),
  {
    rule: "hls.blocking-reload",
    case: "answered too early",
    good(client) {
      client.reload(media(), 37);
      client.reload(media({ growing: 3 }), 37.5, { asked: { msn: 18, part: 2 } });
      client.reload(media({ first: 11, growing: 0 }), 38, { asked: { msn: 18, part: 3 } });
      client.reload(media({ first: 11, growing: 1 }), 38.5, { asked: { msn: 18, part: 4 } });
    },
    bad: (client) => client.reload(media(), 37, { asked: { msn: 18, part: 2 } }),
  },
  {
    rule: "hls.blocking-reload",
    case: "a whole segment was asked for",
    good: (client) => client.reload(media(), 37, { asked: { msn: 17, part: null } }),
    bad: (client) => client.reload(media(), 37, { asked: { msn: 18, part: null } }),
  },
  {
    rule: "hls.skip-boundary",
    case: "what is left is shorter than CAN-SKIP-UNTIL",
    good(client) {
      client.reload(media({ count: 10 }), 41);
      client.reload(media({ count: 10, growing: 3, skipped: 4 }), 41.5);
    },
    bad(client) {
      client.reload(media({ count: 10 }), 41);
      client.reload(media({ count: 10, growing: 3, skipped: 6 }), 41.5);
    },
  },
  {
    rule: "hls.delta-update",
    case: "a segment is another",
    good: (client) => client.inspector.delta(uriOf("video"), media({ count: 10, skipped: 4 }), media({ count: 10 })),
    bad: (client) =>
      client.inspector.delta(
        uriOf("video"),
        changed(media({ count: 10, skipped: 4 }), "2.00000,\n16", "1.90000,\n16"),
        media({ count: 10 }),
      ),
  },
  {
    rule: "hls.same-target-duration",
    case: "another in the sound",
    good(client) {
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
    },
    bad(client) {
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio", target: 3 }), 37, { rendition: "audio" });
    },
  },
  {
    rule: "hls.date-time-everywhere",
    case: "none in the sound",
    good(client) {
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
    },
    bad(client) {
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio" }).replace(/#EXT-X-PROGRAM-DATE-TIME.*\n/g, ""), 37, {
        rendition: "audio",
      });
    },
  },
  {
    rule: "hls.discontinuities-aligned",
    case: "a discontinuity in the picture alone",
    good(client) {
      client.reload(media({ breaks: [14] }), 37);
      client.reload(media({ breaks: [14], rendition: "audio" }), 37, { rendition: "audio" });
    },
    bad(client) {
      client.reload(media({ breaks: [14] }), 37);
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
    },
  },
  {
    rule: "hls.rendition-report",
    case: "none about the sound",
    good(client) {
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
      client.reload(media(), 37.1);
    },
    bad(client) {
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
      client.reload(changed(media(), /#EXT-X-RENDITION-REPORT.*\n/, ""), 37.1);
    },
  },
  {
    rule: "hls.rendition-report",
    case: "behind what was answered before",
    good(client) {
      client.reload(media({ rendition: "audio", growing: 0 }), 36.2, { rendition: "audio" });
      client.reload(media({ growing: 0 }), 36.3);
    },
    bad(client) {
      client.reload(media({ rendition: "audio" }), 37, { rendition: "audio" });
      client.reload(changed(media(), "LAST-MSN=18,LAST-PART=1", "LAST-MSN=18,LAST-PART=0"), 37.1);
    },
  },
  {
    rule: "hls.rendition-report",
    case: "ahead of what is answered after",
    good(client) {
      client.reload(media({ rendition: "audio", growing: 1 }), 36.6, { rendition: "audio" });
      client.reload(media(), 37);
      client.reload(media({ rendition: "audio" }), 37.1, { rendition: "audio" });
    },
    bad(client) {
      client.reload(media({ rendition: "audio", growing: 1 }), 36.6, { rendition: "audio" });
      client.reload(changed(media(), "LAST-MSN=18,LAST-PART=1", "LAST-MSN=18,LAST-PART=2"), 37);
      client.reload(media({ rendition: "audio" }), 37.1, { rendition: "audio" });
    },
  },
];
