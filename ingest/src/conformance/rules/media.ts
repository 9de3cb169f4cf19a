/** Rules about bytes: initialization segments, segments and parts against what playlists say of them. */
import { resolve } from "../mpd.ts";
import type { PlaylistHistory, Presentation } from "../presentation.ts";
import { type Rule, rule } from "../rule.ts";

/** Of written durations, in seconds. */
const ROUNDING = 0.002;
/** Timestamps that differ by less are the same: clocks of 44.1 and 90 kHz do not meet. In seconds. */
const SAME_TIME = 0.002;

export const MEDIA_RULES: readonly Rule[] = [
  rule({
    name: "hls.same-bytes",
    section: "HLS §6.2.2",
    severity: "must",
    demands: "A URI answers the same bytes every time.",
    on: "bytes",
    check: ({ digest, before }) =>
      before === null || before === digest ? [] : ["Its bytes are not those of the time before"],
  }),
  rule({
    name: "hls.init-segment",
    section: "HLS §3.1.2, §4.4.4.5",
    severity: "must",
    demands: "EXT-X-MAP leads to a movie box that describes the tracks.",
    on: "init",
    check: ({ init }) => (init === null || init.tracks.length === 0 ? ["No tracks can be read from it"] : []),
  }),
  rule({
    name: "hls.codecs",
    section: "HLS §4.4.6.2",
    severity: "must",
    demands: "CODECS of a variant lists what its initialization segments contain.",
    on: "init",
    check({ init, history }, all) {
      return variantsOf(all, history.uri).flatMap(({ uri, codecs }) => {
        if (codecs === null || init === null || init.isEncrypted) return [];
        const listed = codecs.split(",").map(spelled);
        return init.tracks
          .filter(({ track }) => !listed.includes(spelled(track.codecs)))
          .map(({ track }) => `It contains ${track.codecs}, ${uri} has CODECS "${codecs}"`);
      });
    },
  }),
  rule({
    name: "hls.resolution",
    section: "HLS §4.4.6.2",
    severity: "should",
    demands: "RESOLUTION of a variant is the size of its picture.",
    on: "init",
    check: ({ init, history }, all) =>
      (all.multivariant?.playlist.variants ?? []).flatMap(({ uri, resolution }) => {
        if (resolution === null || resolve(uri, all.multivariant!.uri) !== history.uri) return [];
        return (init?.tracks ?? []).flatMap(({ track }) => {
          if (track.kind !== "video" || resolution === `${track.width}x${track.height}`) return [];
          return [`Its picture is ${track.width}x${track.height}, RESOLUTION is ${resolution}`];
        });
      }),
  }),
  rule({
    name: "hls.readable",
    section: "HLS §3.1.2",
    severity: "must",
    demands: "A segment of fragmented MP4 can be read with its EXT-X-MAP.",
    on: "segment",
    check: ({ file, segment }) =>
      file.problem === null || segment.encryption !== null ? [] : [`It can't be read: ${file.problem}`],
  }),
  rule({
    name: "hls.extinf",
    section: "HLS §4.4.4.1",
    severity: "must",
    demands: "EXTINF is the segment's real duration, within a frame.",
    on: "segment",
    check: ({ segment, file }) => wrongLength(`Segment ${segment.number}`, "EXTINF", segment.seconds, file.spans),
  }),
  rule({
    name: "hls.part-duration",
    section: "HLS §4.4.4.9",
    severity: "must",
    demands: "DURATION of a part is its real duration, within a frame.",
    on: "part",
    check: ({ part, file }) => wrongLength(part.uri, "DURATION", part.seconds, file.spans),
  }),
  rule({
    name: "hls.decode-time",
    section: "HLS §4.4.4.3, CMAF §7.3.2.2",
    severity: "must",
    demands: "Decode times go on from segment to segment, except at a discontinuity.",
    on: "segment",
    check({ segment, file, history }) {
      const found = file.spans
        .filter(({ jump, timescale }) => Math.abs(jump) / timescale > SAME_TIME)
        .map(
          ({ kind, jump, timescale }) =>
            `The ${kind} of segment ${segment.number} has a jump of ${((jump * 1000) / timescale).toFixed(1)} ms inside`,
        );
      const before = history.segments.get(segment.number - 1);
      const known = history.media.get(segment.number - 1);
      if (before === undefined || known === undefined || before.isGap || segment.hasDiscontinuityTag) return found;
      if (before.discontinuity !== segment.discontinuity) return found;
      for (const span of file.spans) {
        const last = known.spans.find(({ trackId }) => trackId === span.trackId);
        if (last === undefined || last.timescale !== span.timescale) continue;
        const off = (span.start - last.end) / span.timescale;
        if (Math.abs(off) > SAME_TIME) {
          found.push(
            `The ${span.kind} of segment ${segment.number} begins ${(off * 1000).toFixed(1)} ms after the end of the one before`,
          );
        }
      }
      return found;
    },
  }),
  rule({
    name: "hls.part-time",
    section: "HLS §3.2",
    severity: "must",
    demands: "The parts of a segment follow one another without a hole, and are the segment.",
    on: "part",
    check({ number, index, file, history, part }) {
      const before = history.mediaOfParts.get(number)?.find((each) => each.index === index - 1)?.file;
      return file.spans.flatMap((span) => {
        const last = before?.spans.find(({ trackId }) => trackId === span.trackId);
        const off = last === undefined ? 0 : (span.start - last.end) / span.timescale;
        return Math.abs(off) > SAME_TIME
          ? [`${part.uri} begins ${(off * 1000).toFixed(1)} ms after the end of the part before`]
          : [];
      });
    },
  }),
  rule({
    name: "hls.parts-are-segment",
    section: "HLS §3.2",
    severity: "must",
    demands: "A segment has the media of its parts.",
    on: "segment",
    check({ segment: { number, parts }, file, history }) {
      const read = history.mediaOfParts.get(number) ?? [];
      // One that could not be read says nothing.
      if (parts.length === 0 || read.filter((each) => each.file.spans.length > 0).length !== parts.length) return [];
      return file.spans.flatMap((span) => {
        const spans = read.flatMap((each) => each.file.spans.filter(({ trackId }) => trackId === span.trackId));
        const first = Math.min(...spans.map(({ start }) => start));
        const last = Math.max(...spans.map(({ end }) => end));
        const isSame = Math.max(Math.abs(first - span.start), Math.abs(last - span.end)) / span.timescale <= SAME_TIME;
        return spans.length === 0 || isSame
          ? []
          : [
              `The ${span.kind} of segment ${number} is ${span.start} to ${span.end}, that of its parts ${first} to ${last}`,
            ];
      });
    },
  }),
  rule({
    name: "hls.independent-segments",
    section: "HLS §4.4.2.1",
    severity: "must",
    demands: "With EXT-X-INDEPENDENT-SEGMENTS, every segment begins with a sync sample.",
    on: "segment",
    check: ({ segment, file, history }) =>
      history.latest?.playlist.isIndependent === true && file.spans[0]?.startsWithSync === false
        ? [`Segment ${segment.number} does not`]
        : [],
  }),
  rule({
    name: "hls.independent-parts",
    section: "HLS §4.4.4.9",
    severity: "must",
    demands: "INDEPENDENT=YES stands at the parts that begin with a sync sample, and at no others.",
    on: "part",
    check({ part, file: { spans } }) {
      const starts = spans[0]?.startsWithSync;
      if (starts === undefined || starts === part.isIndependent) return [];
      return [
        starts
          ? `${part.uri} begins with a sync sample and is not INDEPENDENT`
          : `${part.uri} is INDEPENDENT and begins with no sync sample`,
      ];
    },
  }),
  rule({
    name: "hls.bandwidth",
    section: "HLS §4.4.6.2",
    severity: "must",
    demands: "BANDWIDTH is at least the largest bit rate of segments in a row; AVERAGE-BANDWIDTH is at most BANDWIDTH.",
    on: "multivariant",
    check: ({ where, playlist }, all) =>
      playlist.variants.flatMap((variant) => {
        const { uri, bandwidth, averageBandwidth } = variant;
        if (bandwidth === null) return [];
        const history = all.playlists.get(resolve(uri, where));
        const peak = history === undefined ? 0 : peakOf(history);
        return [
          ...(peak > bandwidth ? [`${uri} has BANDWIDTH=${bandwidth}, its segments reach ${Math.ceil(peak)}`] : []),
          ...(averageBandwidth !== null && averageBandwidth > bandwidth
            ? [`${uri} has an AVERAGE-BANDWIDTH above BANDWIDTH`]
            : []),
        ];
      }),
  }),
];

/** EXTINF is of the segment, whose tracks end where their frames do: the one that fits best counts. */
function wrongLength(
  what: string,
  attribute: string,
  said: number,
  spans: readonly {
    readonly start: number;
    readonly end: number;
    readonly timescale: number;
    readonly frame: number;
  }[],
): string[] {
  if (spans.length === 0) return [];
  const isRight = spans.some((span) => {
    const real = (span.end - span.start) / span.timescale;
    return Math.abs(real - said) <= span.frame / span.timescale + ROUNDING;
  });
  if (isRight) return [];
  const real = (spans[0]!.end - spans[0]!.start) / spans[0]!.timescale;
  return [`${what} has ${attribute} ${said}, it lasts ${real.toFixed(4)} s`];
}

/** Of segments in a row that last between a half and one and a half target durations together. */
function peakOf({ sizes, segments, latest }: PlaylistHistory): number {
  const target = latest?.playlist.targetDuration ?? 0;
  let peak = 0;
  for (const first of sizes.keys()) {
    let bits = 0;
    let length = 0;
    for (let number = first; sizes.has(number); number++) {
      bits += sizes.get(number)! * 8;
      length += segments.get(number)?.seconds ?? 0;
      if (length > 1.5 * target) break;
      if (length >= 0.5 * target && length > 0) peak = Math.max(peak, bits / length);
    }
  }
  return peak;
}

/** The variants whose media a playlist is, itself or as a rendition of their groups. */
function variantsOf(all: Presentation, uri: string) {
  if (all.multivariant === null) return [];
  const { playlist, uri: base } = all.multivariant;
  const groups = playlist.alternatives
    .filter((each) => each.uri !== null && resolve(each.uri, base) === uri)
    .map(({ type, group }) => `${type} ${group}`);
  return playlist.variants.filter(
    (variant) =>
      resolve(variant.uri, base) === uri ||
      [...variant.groups].some(([type, group]) => groups.includes(`${type} ${group}`)),
  );
}

/** MP3 has two names (RFC 6381 §3.3). */
function spelled(codec: string): string {
  const lower = codec.trim().toLowerCase();
  return lower === "mp4a.6b" || lower === "mp4a.69" ? "mp4a.40.34" : lower;
}
