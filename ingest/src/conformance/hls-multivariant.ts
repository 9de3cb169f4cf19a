/** A multivariant playlist as a strict client reads it, draft-pantos-hls-rfc8216bis §4.4.6. */
import { type Attributes, numberOf, readAttributes } from "./attributes.ts";

export interface Variant {
  readonly uri: string;
  readonly bandwidth: number | null;
  readonly averageBandwidth: number | null;
  readonly codecs: string | null;
  readonly resolution: string | null;
  readonly frameRate: number | null;
  /** GROUP-ID by type: AUDIO, VIDEO, SUBTITLES. */
  readonly groups: ReadonlyMap<string, string>;
}

export interface Alternative {
  readonly type: string;
  readonly group: string;
  readonly name: string;
  /** Null: the media is in the variants themselves. */
  readonly uri: string | null;
  readonly isDefault: boolean;
}

export interface MultivariantPlaylist {
  readonly version: number;
  readonly isIndependent: boolean;
  readonly variants: readonly Variant[];
  readonly alternatives: readonly Alternative[];
  readonly problems: readonly string[];
}

/** Whether a playlist is one of playlists. */
export const isMultivariant = (text: string): boolean => /^#EXT-X-(STREAM-INF|MEDIA):/m.test(text);

const GROUPS = ["AUDIO", "VIDEO", "SUBTITLES"];
const MAX_ENTRIES = 500;

/** Never throws. */
export function readMultivariantPlaylist(text: string): MultivariantPlaylist {
  const problems: string[] = [];
  const variants: Variant[] = [];
  const alternatives: Alternative[] = [];
  const lines = text.split(/\r?\n/).filter((line, index) => index === 0 || line !== "");
  if (lines[0] !== "#EXTM3U") problems.push("The first line is not #EXTM3U");
  let version = 1;
  let isIndependent = false;
  let pending: Attributes | null = null;
  const attributesOf = (line: string): Attributes => {
    const attributes = readAttributes(line.slice(line.indexOf(":") + 1).trim());
    if (attributes === null) problems.push(`Not an attribute list: ${line.slice(0, 80)}`);
    return attributes ?? new Map();
  };
  for (const line of lines.slice(1)) {
    if (variants.length + alternatives.length >= MAX_ENTRIES) break;
    if (line.startsWith("#EXT-X-STREAM-INF:")) {
      if (pending !== null) problems.push("EXT-X-STREAM-INF without a URI");
      pending = attributesOf(line);
    } else if (line.startsWith("#EXT-X-MEDIA:")) {
      const attributes = attributesOf(line);
      for (const name of ["TYPE", "GROUP-ID", "NAME"]) {
        if (!attributes.has(name)) problems.push(`EXT-X-MEDIA has no ${name}`);
      }
      alternatives.push({
        type: attributes.get("TYPE") ?? "",
        group: attributes.get("GROUP-ID") ?? "",
        name: attributes.get("NAME") ?? "",
        uri: attributes.get("URI") ?? null,
        isDefault: attributes.get("DEFAULT") === "YES",
      });
    } else if (line.startsWith("#EXT-X-VERSION:")) version = Number(line.slice(15)) || 1;
    else if (line === "#EXT-X-INDEPENDENT-SEGMENTS") isIndependent = true;
    else if (line.startsWith("#EXTINF:") || line.startsWith("#EXT-X-TARGETDURATION")) {
      problems.push(`${line.slice(1, line.indexOf(":"))} in a multivariant playlist`);
    } else if (!line.startsWith("#")) {
      if (pending === null) problems.push(`${line.slice(0, 80)} has no EXT-X-STREAM-INF`);
      else variants.push(variantOf(line, pending));
      pending = null;
    }
  }
  if (pending !== null) problems.push("EXT-X-STREAM-INF without a URI");
  return { version, isIndependent, variants, alternatives, problems };
}

function variantOf(uri: string, attributes: Attributes): Variant {
  const groups = GROUPS.flatMap((type) => {
    const group = attributes.get(type);
    return group === undefined ? [] : [[type, group] as const];
  });
  return {
    uri,
    bandwidth: numberOf(attributes, "BANDWIDTH"),
    averageBandwidth: numberOf(attributes, "AVERAGE-BANDWIDTH"),
    codecs: attributes.get("CODECS") ?? null,
    resolution: attributes.get("RESOLUTION") ?? null,
    frameRate: numberOf(attributes, "FRAME-RATE"),
    groups: new Map(groups),
  };
}
