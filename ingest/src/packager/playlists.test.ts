import { describe, expect, test } from "bun:test";
import { ms, seconds } from "../bytes/units.ts";
import { renderMpd } from "./dash-mpd.ts";
import { renderMediaPlaylist } from "./hls-media.ts";
import { renderMultivariantPlaylist } from "./hls-multivariant.ts";
import type { EpochInfo, Segment } from "./segment.ts";
import { audioTrack, videoTrack } from "./testing/model-broadcast.ts";
import type { BroadcastView, RenditionView } from "./view.ts";

const init = new Uint8Array(0);
const VIDEO = { rendition: "video", track: videoTrack(1280), timescale: 90_000, init };
const AUDIO = { rendition: "audio", track: audioTrack(48_000), timescale: 48_000, init };

const epoch = (number: number, firstNumber: number, startsAt: number, tracks: EpochInfo["tracks"]): EpochInfo => ({
  number,
  isFirst: number === 100,
  firstNumber,
  startsAt: ms(startsAt),
  tracks,
});
const BOTH = epoch(100, 500, 1000, [VIDEO, AUDIO]);
/** The sound was lost. */
const SILENT = epoch(101, 502, 5100, [VIDEO]);

function media(number: number, of: EpochInfo, timescale: number, from: number, length: number): Segment {
  const [time, duration] = [Math.round(from * timescale), length * timescale];
  return { kind: "media", number, epoch: of, timescale, time, duration, isIndependent: true, parts: [], bytes: init };
}

const video: RenditionView = {
  name: "video",
  kind: "video",
  media: {
    codecs: "avc1.64001f",
    width: 1280,
    height: 720,
    frameRate: 29.97,
    channels: 0,
    sampleRate: 0,
    peak: 2_600_000,
    average: 2_400_000,
  },
  segments: [media(500, BOTH, 90_000, 1, 2), media(501, BOTH, 90_000, 3, 2), media(502, SILENT, 90_000, 5.1, 1.5)],
  growing: null,
  nextPart: 0,
};
const audio: RenditionView = {
  name: "audio",
  kind: "audio",
  media: {
    codecs: "mp4a.40.2",
    width: 0,
    height: 0,
    frameRate: 0,
    channels: 2,
    sampleRate: 48_000,
    peak: 140_000,
    average: 130_000,
  },
  segments: [
    media(500, BOTH, 48_000, 1, 2),
    media(501, BOTH, 48_000, 3, 2),
    { kind: "gap", number: 502, epoch: SILENT, timescale: 48_000, time: 5.1 * 48_000, duration: 1.5 * 48_000 },
  ],
  growing: null,
  nextPart: 0,
};
const view: BroadcastView = {
  version: 1,
  startedAt: ms(Date.UTC(2026, 10, 24, 12)),
  changedAt: ms(Date.UTC(2026, 10, 24, 12, 0, 7)),
  targetDuration: 2,
  epochZero: 0,
  lowLatency: null,
  windowSeconds: seconds(12),
  isIndependent: true,
  hasEnded: false,
  renditions: [video, audio],
};

describe("playlists as players see them", () => {
  test("a media playlist with a discontinuity", () => {
    expect(renderMediaPlaylist(view, video)).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-SERVER-CONTROL:HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-MEDIA-SEQUENCE:500
#EXT-X-DISCONTINUITY-SEQUENCE:100
#EXT-X-MAP:URI="init-100.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:00:01.000Z
#EXTINF:2.00000,
500.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:00:03.000Z
#EXTINF:2.00000,
501.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-101.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:00:05.100Z
#EXTINF:1.50000,
502.m4s
`);
  });

  test("a track that is missing is a gap with the same number, date and discontinuity", () => {
    expect(renderMediaPlaylist({ ...view, hasEnded: true }, audio)).toEndWith(`#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:00:05.100Z
#EXT-X-GAP
#EXTINF:1.50000,
502.m4s
#EXT-X-ENDLIST
`);
  });

  test.each([
    { name: "its tag is still listed", from: 2, sequence: 100, tags: 1 },
    { name: "nothing is removed", from: 0, sequence: 100, tags: 1 },
  ])("discontinuity sequence when $name", ({ from, sequence, tags }) => {
    const text = renderMediaPlaylist(view, { ...video, segments: video.segments.slice(from) });
    expect(text).toContain(`#EXT-X-DISCONTINUITY-SEQUENCE:${sequence}\n`);
    expect(text.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(tags);
  });

  test("discontinuity sequence when the tag has scrolled out", () => {
    const segments = [media(503, SILENT, 90_000, 6.6, 2)];
    const text = renderMediaPlaylist(view, { ...video, segments });
    expect(text).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:101\n");
    expect(text).not.toContain("#EXT-X-DISCONTINUITY\n");
    expect(text).toContain('#EXT-X-MAP:URI="init-101.mp4"');
  });

  test("the multivariant playlist", () => {
    expect(renderMultivariantPlaylist(view, (name) => `${name}/index.m3u8`)).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2740000,AVERAGE-BANDWIDTH=2530000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"
video/index.m3u8
`);
    const alone = renderMultivariantPlaylist({ ...view, isIndependent: false, renditions: [audio] }, () => 'a"b');
    expect(alone).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-STREAM-INF:BANDWIDTH=140000,AVERAGE-BANDWIDTH=130000,CODECS="mp4a.40.2"
a"b
`);
  });

  const options = { timeUri: "/live/time?a=1&b=<2>", baseOf: (name: string) => `${name}/` };
  const lines = (xml: string): string => xml.replaceAll("><", ">\n<");

  test("the live manifest", () => {
    expect(lines(renderMpd(view, options))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" minBufferTime="PT2S" maxSegmentDuration="PT2.5S" availabilityStartTime="2026-11-24T12:00:00.000Z" publishTime="2026-11-24T12:00:07.000Z" minimumUpdatePeriod="PT1S" timeShiftBufferDepth="PT12S" suggestedPresentationDelay="PT6S">
<Period id="p100" start="PT1S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" lang="und" segmentAlignment="true" startWithSAP="1" par="16:9">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<Representation id="video" codecs="avc1.64001f" bandwidth="2600000" width="1280" height="720" frameRate="30000/1001" sar="1:1">
<SegmentTemplate timescale="90000" presentationTimeOffset="90000" initialization="video/init-100.mp4" media="video/$Number$.m4s" startNumber="500">
<SegmentTimeline>
<S t="90000" d="180000" r="1"/>
</SegmentTimeline>
</SegmentTemplate>
</Representation>
</AdaptationSet>
<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="und" segmentAlignment="true" startWithSAP="1">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<Representation id="audio" codecs="mp4a.40.2" bandwidth="140000" audioSamplingRate="48000">
<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
<SegmentTemplate timescale="48000" presentationTimeOffset="48000" initialization="audio/init-100.mp4" media="audio/$Number$.m4s" startNumber="500">
<SegmentTimeline>
<S t="48000" d="96000" r="1"/>
</SegmentTimeline>
</SegmentTemplate>
</Representation>
</AdaptationSet>
</Period>
<Period id="p101" start="PT5.1S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" lang="und" segmentAlignment="true" startWithSAP="1" par="16:9">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<Representation id="video" codecs="avc1.64001f" bandwidth="2600000" width="1280" height="720" frameRate="30000/1001" sar="1:1">
<SegmentTemplate timescale="90000" presentationTimeOffset="459000" initialization="video/init-101.mp4" media="video/$Number$.m4s" startNumber="502">
<SegmentTimeline>
<S t="459000" d="135000"/>
</SegmentTimeline>
</SegmentTemplate>
</Representation>
</AdaptationSet>
</Period>
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="/live/time?a=1&amp;b=&lt;2&gt;"/>
</MPD>
`);
  });

  test("at the end it is static, with its duration", () => {
    const xml = renderMpd({ ...view, hasEnded: true }, options);
    expect(xml).toContain('type="static"');
    expect(xml).toContain('mediaPresentationDuration="PT6.6S"');
    for (const live of ["availabilityStartTime", "minimumUpdatePeriod", "timeShiftBufferDepth", "UTCTiming"]) {
      expect(xml).not.toContain(live);
    }
  });
});
