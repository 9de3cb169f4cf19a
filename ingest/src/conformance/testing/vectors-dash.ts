/** For each rule of DASH: what keeps it and what breaks it. */
import { BASE, bytesOf, initBytes, type ModelClient, manifest, START, segmentBytes } from "./model-client.ts";
import { changed, type Vector } from "./vectors-playlist.ts";

const spoiled = (rule: string, name: string, from: string | RegExp, to: string, text = manifest()): Vector => ({
  rule,
  case: name,
  good: (client) => client.mpd(text, 36),
  bad: (client) => client.mpd(changed(text, from, to), 36),
});

const respoiled = (rule: string, name: string, from: string | RegExp, to: string): Vector => {
  const again = manifest({ first: 11, publishedAt: 38 });
  return {
    rule,
    case: name,
    good(client) {
      client.mpd(manifest(), 36);
      client.mpd(again, 38);
    },
    bad(client) {
      client.mpd(manifest(), 36);
      client.mpd(changed(again, from, to), 38);
    },
  };
};

const LOW = manifest()
  .replace("<Period", '<ServiceDescription id="0"><Latency target="2000"/></ServiceDescription><Period')
  .replaceAll("<Representation", '<ProducerReferenceTime id="0"/><Representation')
  .replaceAll("<SegmentTemplate", '<SegmentTemplate availabilityTimeOffset="1.5" availabilityTimeComplete="false"');

/** A segment or initialization segment of the first representation. */
function fetched(client: ModelClient, init: Uint8Array, bytes: Uint8Array, text = manifest()): void {
  const mpd = client.inspector.mpd(`${BASE}manifest.mpd`, text, client.answer(36))!;
  const representation = mpd.periods[0]!.sets[0]!.representations[0]!;
  client.inspector.mpdInit(representation, init, client.answer(36));
  client.inspector.mpdSegment(representation, representation.template!.segments!.at(-1)!, bytes, client.answer(36));
}

const goodFetch = (client: ModelClient): void => fetched(client, initBytes("video"), segmentBytes("video", 17));

export const DASH_VECTORS: readonly Vector[] = [
  spoiled("dash.syntax", "not XML", "</Period>", ""),
  spoiled("dash.syntax", "a duration that is none", "PT2.5S", "2.5"),
  spoiled("dash.syntax", "no profile", / profiles="[^"]*"/, ""),
  spoiled("dash.live", "no availabilityStartTime", / availabilityStartTime="[^"]*"/, ""),
  spoiled("dash.live", "a Period without id", 'Period id="p0"', "Period"),
  spoiled(
    "dash.live",
    "static without its duration",
    / mediaPresentationDuration="[^"]*"/,
    "",
    manifest({ isDynamic: false }),
  ),
  spoiled("dash.utc-timing", "none", /<UTCTiming.*\n/, "\n"),
  {
    rule: "dash.clock",
    case: "three seconds off",
    good: (client) => client.inspector.clock("http://host/live/time", 400, 20),
    bad: (client) => client.inspector.clock("http://host/live/time", -3000, 20),
  },
  {
    rule: "dash.clock",
    case: "no time",
    good: (client) => client.inspector.clock("http://host/live/time", 0, 20),
    bad: (client) => client.inspector.clock("http://host/live/time", null, 20),
  },
  respoiled(
    "dash.constants",
    "availabilityStartTime",
    new Date(START).toISOString(),
    new Date(START + 1000).toISOString(),
  ),
  respoiled("dash.constants", "maxSegmentDuration", "PT2.5S", "PT3S"),
  respoiled("dash.constants", "timeShiftBufferDepth", "PT12S", "PT14S"),
  respoiled("dash.constants", "the start of a Period", 'start="PT0S"', 'start="PT1S"'),
  spoiled("dash.ids", "two AdaptationSets with one id", 'AdaptationSet id="2"', 'AdaptationSet id="1"'),
  spoiled("dash.ids", "two Representations with one id", 'Representation id="audio"', 'Representation id="video"'),
  respoiled(
    "dash.ids",
    "an AdaptationSet is another",
    /id="1" contentType="video"([\s\S]*)id="2"/,
    'id="2" contentType="video"$1id="1"',
  ),
  {
    rule: "dash.publish-time",
    case: "it goes back",
    good(client) {
      client.mpd(manifest(), 36);
      client.mpd(manifest({ first: 11, publishedAt: 38 }), 38);
    },
    bad(client) {
      client.mpd(manifest(), 36);
      client.mpd(manifest({ first: 11, publishedAt: 34 }), 38);
    },
  },
  spoiled("dash.timeline", "segments overlap", '" r="7"/>', '" r="6"/><S t="3000000" d="180000"/>'),
  spoiled("dash.timeline", "longer than maxSegmentDuration", "PT2.5S", "PT1.5S"),
  respoiled(
    "dash.stable-timeline",
    "a segment is shorter",
    'd="180000" r="7"/>',
    'd="179000"/><S t="2160000" d="180000" r="6"/>',
  ),
  respoiled("dash.stable-timeline", "numbers are others", 'startNumber="11"', 'startNumber="12"'),
  spoiled(
    "dash.availability",
    "its clock is ten seconds late",
    `availabilityStartTime="${new Date(START).toISOString()}"`,
    `availabilityStartTime="${new Date(START + 10_000).toISOString()}"`,
  ),
  spoiled("dash.attributes", "no codecs", ' codecs="avc1.64001f"', ""),
  spoiled("dash.attributes", "no height", ' height="360"', ""),
  spoiled("dash.recommended-attributes", "no frameRate", ' frameRate="20"', ""),
  spoiled("dash.recommended-attributes", "no AudioChannelConfiguration", /<AudioChannelConfiguration[^>]*>/, ""),
  {
    rule: "dash.end",
    case: "it goes on after its end",
    good(client) {
      client.mpd(manifest(), 36);
      client.mpd(manifest({ isDynamic: false }), 38);
    },
    bad(client) {
      client.mpd(manifest({ isDynamic: false }), 36);
      client.mpd(manifest(), 38);
    },
  },
  spoiled("dash.low-latency", "no ServiceDescription", /<ServiceDescription.*<\/ServiceDescription>/, "", LOW),
  spoiled("dash.low-latency", "no ProducerReferenceTime", /<ProducerReferenceTime[^>]*>/, "", LOW),
  {
    rule: "dash.codecs",
    case: "another level",
    good: goodFetch,
    bad: (client) =>
      fetched(client, initBytes("video"), segmentBytes("video", 17), changed(manifest(), "avc1.64001f", "avc1.640028")),
  },
  {
    rule: "dash.codecs",
    case: "another size",
    good: goodFetch,
    bad: (client) => fetched(client, initBytes("video", 1280), segmentBytes("video", 17)),
  },
  {
    rule: "dash.segment-time",
    case: "another time",
    good: goodFetch,
    bad: (client) => fetched(client, initBytes("video"), segmentBytes("video", 16)),
  },
  {
    rule: "dash.segment-time",
    case: "another duration",
    good: goodFetch,
    bad: (client) => fetched(client, initBytes("video"), bytesOf("video", { from: 34, seconds: 1.5 })),
  },
];
