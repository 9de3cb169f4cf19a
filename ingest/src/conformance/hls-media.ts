/** Reads a media playlist as a strict client does, draft-pantos-hls-rfc8216bis §4.4. */
import { type Attributes, numberOf, readAttributes } from "./attributes.ts";
import type {
  Hint,
  ListedPart,
  ListedSegment,
  MediaPlaylist,
  Reference,
  RenditionReport,
  ServerControl,
} from "./hls-playlist.ts";

const MAX_SEGMENTS = 50_000;
const MAX_PROBLEMS = 20;

/** `known`: a segment of the playlist before, for delta updates. Never throws. */
export function readMediaPlaylist(text: string, known?: (number: number) => ListedSegment | undefined): MediaPlaylist {
  const problems: string[] = [];
  const complain = (what: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(what);
  };
  const lines = text.split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") complain("The first line is not #EXTM3U");
  let version = 1;
  let targetDuration: number | null = null;
  let mediaSequence: number | null = null;
  let discontinuitySequence: number | null = null;
  let isIndependent = false;
  let type: string | null = null;
  let hasEnded = false;
  let control: ServerControl | null = null;
  let partTarget: number | null = null;
  let skipped: number | null = null;
  const segments: ListedSegment[] = [];
  const hints: Hint[] = [];
  const reports: RenditionReport[] = [];

  // Of the segment that comes next.
  let seconds: number | null = null;
  let parts: ListedPart[] = [];
  let hasDiscontinuityTag = false;
  let dateTime: number | null = null;
  let isGap = false;
  let byteRange: string | null = null;
  // Of all that follow.
  let discontinuity = 0;
  let map: Reference | null = null;
  let encryption: string | null = null;
  /** Where ranges without an offset go on, by URI. */
  const ends = new Map<string, number>();

  const whole = (value: string, tag: string): number | null => {
    if (/^\d{1,16}$/.test(value)) return Number(value);
    complain(`${tag} is not a whole number: ${shown(value)}`);
    return null;
  };
  const list = (value: string, tag: string): Attributes => {
    const attributes = readAttributes(value);
    if (attributes === null) complain(`${tag} is not an attribute list: ${shown(value)}`);
    return attributes ?? new Map();
  };
  const need = (attributes: Attributes, name: string, tag: string): string => {
    const value = attributes.get(name);
    if (value === undefined) complain(`${tag} has no ${name}`);
    return value ?? "";
  };
  const refer = (uri: string, range: string | undefined | null): Reference => {
    if (range === undefined || range === null) return { uri, range: null };
    const match = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(range);
    if (match === null) complain(`Not a byte range: ${shown(range)}`);
    const start = match?.[2] === undefined ? (ends.get(uri) ?? 0) : Number(match[2]);
    const end = start + Number(match?.[1] ?? 0);
    ends.set(uri, end);
    return { uri, range: `${start}-${end - 1}` };
  };
  const number = (): number => (mediaSequence ?? 0) + segments.length;

  function skip(count: number): void {
    skipped = count;
    for (let index = 0; index < Math.min(count, MAX_SEGMENTS); index++) {
      const segment = known?.(number());
      if (segment === undefined) {
        complain(`Segment ${number()} is skipped, but was never listed`);
        mediaSequence = (mediaSequence ?? 0) + 1;
        continue;
      }
      segments.push(segment);
      discontinuity = segment.discontinuity;
      map = segment.map ?? map;
      encryption = segment.encryption;
    }
  }

  function close(uri: string): void {
    if (seconds === null) complain(`${shown(uri)} has no EXTINF`);
    if (segments.length >= MAX_SEGMENTS) return;
    segments.push({
      ...refer(uri, byteRange),
      number: number(),
      seconds: seconds ?? 0,
      discontinuity,
      hasDiscontinuityTag,
      map,
      dateTime,
      isGap,
      encryption,
      parts,
    });
    seconds = null;
    parts = [];
    hasDiscontinuityTag = false;
    dateTime = null;
    isGap = false;
    byteRange = null;
  }

  function part(attributes: Attributes): void {
    const tag = "EXT-X-PART";
    const length = numberOf(attributes, "DURATION");
    if (length === null) complain(`${tag} has no DURATION that is a number`);
    parts.push({
      ...refer(need(attributes, "URI", tag), attributes.get("BYTERANGE")),
      seconds: length ?? 0,
      isIndependent: attributes.get("INDEPENDENT") === "YES",
      isGap: attributes.get("GAP") === "YES",
    });
  }

  function hint(attributes: Attributes): void {
    const tag = "EXT-X-PRELOAD-HINT";
    const start = numberOf(attributes, "BYTERANGE-START");
    const length = numberOf(attributes, "BYTERANGE-LENGTH");
    const from = start ?? 0;
    const range = start === null && length === null ? null : `${from}-${length === null ? "" : from + length - 1}`;
    hints.push({ type: need(attributes, "TYPE", tag), uri: need(attributes, "URI", tag), range });
  }

  function tag(name: string, value: string): void {
    switch (name) {
      case "EXT-X-VERSION":
        version = whole(value, name) ?? version;
        return;
      case "EXT-X-TARGETDURATION":
        if (targetDuration !== null) complain(`${name} stands twice`);
        targetDuration = whole(value, name) ?? targetDuration;
        return;
      case "EXT-X-MEDIA-SEQUENCE":
        if (segments.length > 0) complain(`${name} stands behind a segment`);
        else mediaSequence = whole(value, name);
        return;
      case "EXT-X-DISCONTINUITY-SEQUENCE":
        if (segments.length > 0 || hasDiscontinuityTag) complain(`${name} stands behind a segment or discontinuity`);
        discontinuitySequence = whole(value, name);
        discontinuity = discontinuitySequence ?? 0;
        return;
      case "EXT-X-INDEPENDENT-SEGMENTS":
        isIndependent = true;
        return;
      case "EXT-X-PLAYLIST-TYPE":
        type = value;
        return;
      case "EXT-X-ENDLIST":
        hasEnded = true;
        return;
      case "EXT-X-SERVER-CONTROL": {
        const attributes = list(value, name);
        control = {
          canBlockReload: attributes.get("CAN-BLOCK-RELOAD") === "YES",
          holdBack: numberOf(attributes, "HOLD-BACK"),
          partHoldBack: numberOf(attributes, "PART-HOLD-BACK"),
          canSkipUntil: numberOf(attributes, "CAN-SKIP-UNTIL"),
        };
        return;
      }
      case "EXT-X-PART-INF":
        partTarget = numberOf(list(value, name), "PART-TARGET");
        if (partTarget === null) complain(`${name} has no PART-TARGET`);
        return;
      case "EXT-X-SKIP": {
        const count = numberOf(list(value, name), "SKIPPED-SEGMENTS");
        if (count === null) complain(`${name} has no SKIPPED-SEGMENTS`);
        else skip(count);
        return;
      }
      case "EXTINF": {
        const match = /^(\d+(?:\.\d+)?)(?:,.*)?$/.exec(value);
        if (match === null) complain(`EXTINF is not a duration: ${shown(value)}`);
        seconds = Number(match?.[1] ?? 0);
        return;
      }
      case "EXT-X-BYTERANGE":
        byteRange = value;
        return;
      case "EXT-X-DISCONTINUITY":
        hasDiscontinuityTag = true;
        discontinuity++;
        return;
      case "EXT-X-MAP": {
        const attributes = list(value, name);
        map = refer(need(attributes, "URI", name), attributes.get("BYTERANGE"));
        return;
      }
      case "EXT-X-KEY": {
        const method = need(list(value, name), "METHOD", name);
        encryption = method === "NONE" ? null : method;
        return;
      }
      case "EXT-X-PROGRAM-DATE-TIME": {
        const time = Date.parse(value);
        if (Number.isNaN(time)) complain(`${name} is not a date: ${shown(value)}`);
        else dateTime = time;
        return;
      }
      case "EXT-X-GAP":
        isGap = true;
        return;
      case "EXT-X-PART":
        part(list(value, name));
        return;
      case "EXT-X-PRELOAD-HINT":
        hint(list(value, name));
        return;
      case "EXT-X-RENDITION-REPORT": {
        const attributes = list(value, name);
        const msn = numberOf(attributes, "LAST-MSN");
        reports.push({ uri: need(attributes, "URI", name), msn, part: numberOf(attributes, "LAST-PART") });
        return;
      }
      case "EXT-X-STREAM-INF":
      case "EXT-X-MEDIA":
        complain(`${name} in a media playlist`);
    }
  }

  for (const line of lines.slice(1)) {
    if (line === "") continue;
    if (!line.startsWith("#")) close(line);
    else if (line.startsWith("#EXT")) {
      const colon = line.indexOf(":");
      tag(line.slice(1, colon < 0 ? undefined : colon), colon < 0 ? "" : line.slice(colon + 1).trim());
    }
  }
  if (seconds !== null) complain("The last EXTINF has no URI");
  if (targetDuration === null) complain("There is no EXT-X-TARGETDURATION");
  return {
    version,
    targetDuration: targetDuration ?? 0,
    mediaSequence: segments[0]?.number ?? mediaSequence ?? 0,
    hasMediaSequence: mediaSequence !== null,
    discontinuitySequence: discontinuitySequence ?? 0,
    hasDiscontinuitySequence: discontinuitySequence !== null,
    isIndependent,
    type,
    hasEnded,
    control,
    partTarget,
    skipped,
    segments,
    edge: { parts, hasDiscontinuityTag, discontinuity, map, dateTime, encryption },
    hints,
    reports,
    problems,
  };
}

function shown(value: string): string {
  return value.length > 80 ? `${value.slice(0, 77)}...` : value;
}
