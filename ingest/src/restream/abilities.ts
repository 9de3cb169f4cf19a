/** What a service takes, as its answer to `connect` says: E-RTMP v2 "Enhancing NetConnection connect Command". */
import type { Codec, MediaTag } from "../live/media-tag.ts";
import { type AmfValue, amfProperty, isAmfObject } from "../rtmp/amf0/value.ts";
import { CapsEx } from "../rtmp/command/connect.ts";

export interface Abilities {
  /** FourCCs; `*`: all. */
  readonly fourCcs: ReadonlySet<string>;
  readonly isMultitrack: boolean;
}

const keysOf = (value: AmfValue): string[] =>
  value instanceof Map ? [...value.keys()] : isAmfObject(value) ? Object.keys(value) : [];

export function readAbilities(information: AmfValue): Abilities {
  const list = amfProperty(information, "fourCcList");
  const listed = Array.isArray(list) ? list.filter((item): item is string => typeof item === "string") : [];
  const maps = ["videoFourCcInfoMap", "audioFourCcInfoMap"].flatMap((name) => keysOf(amfProperty(information, name)));
  const capsEx = amfProperty(information, "capsEx");
  return {
    fourCcs: new Set([...listed, ...maps]),
    isMultitrack: typeof capsEx === "number" && (capsEx & CapsEx.multitrack) !== 0,
  };
}

/** What every RTMP service reads, if it is framed as before E-RTMP. */
const CLASSIC: ReadonlySet<Codec> = new Set(["avc1", "mp4a", ".mp3", "unsupported"]);

/** Whether the service said that it reads such a message, or need not say so. */
export function takes({ fourCcs }: Abilities, { kind, codec, isEnhanced }: MediaTag): boolean {
  if (kind === "script" || (!isEnhanced && CLASSIC.has(codec))) return true;
  return fourCcs.has("*") || fourCcs.has(codec);
}
