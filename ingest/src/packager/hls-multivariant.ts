/** The HLS multivariant playlist, draft-pantos-hls-rfc8216bis §4.4.6. */
import { HLS_VERSION } from "./hls-media.ts";
import type { BroadcastView, RenditionView } from "./view.ts";

/** §4.4.6.2: by transfer characteristics; SDR is what players take for granted. */
const VIDEO_RANGE: Readonly<Record<number, string>> = { 16: "PQ", 18: "HLG" };
const AUDIO_GROUP = "audio";

/** `uriOf`: where a rendition's media playlist lies. */
export function renderMultivariantPlaylist(view: BroadcastView, uriOf: (rendition: string) => string): string {
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`];
  if (view.isIndependent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  const renditions = view.renditions.filter(({ isOff }) => isOff !== true);
  const videos = renditions.filter(({ kind }) => kind === "video");
  const audios = renditions.filter(({ kind }) => kind === "audio");
  const variants = videos.length > 0 ? videos : audios;
  const group = videos.length > 0 ? audios : [];
  for (const [index, { name, media }] of group.entries()) {
    lines.push(
      `#EXT-X-MEDIA:${attributes([
        ["TYPE", "AUDIO"],
        ["GROUP-ID", quoted(AUDIO_GROUP)],
        ["NAME", quoted(name)],
        ["DEFAULT", index === 0 ? "YES" : "NO"],
        ["AUTOSELECT", "YES"],
        ["CHANNELS", quoted(String(media.channels))],
        ["URI", quoted(uriOf(name))],
      ])}`,
    );
  }
  for (const variant of variants) lines.push(streamInf(variant, group), uriOf(variant.name));
  // The last step of a ladder: sound without a picture.
  if (videos.length > 1) for (const sound of audios) lines.push(streamInf(sound, [sound]), uriOf(sound.name));
  return `${lines.join("\n")}\n`;
}

function streamInf({ kind, media }: RenditionView, group: readonly RenditionView[]): string {
  const own = (rate: number): number => (kind === "audio" && group.length > 0 ? 0 : rate);
  const list: [string, string][] = [
    // §4.4.6.2: of the variant with the largest rendition of its group.
    ["BANDWIDTH", String(own(media.peak) + largest(group, "peak"))],
    ["AVERAGE-BANDWIDTH", String(own(media.average) + largest(group, "average"))],
    ["CODECS", quoted([...new Set([media.codecs, ...group.map((each) => each.media.codecs)])].join(","))],
  ];
  if (kind === "video") {
    list.push(["RESOLUTION", `${media.width}x${media.height}`], ["FRAME-RATE", media.frameRate.toFixed(3)]);
    const range = VIDEO_RANGE[media.colour?.transfer ?? 0];
    if (range !== undefined) list.push(["VIDEO-RANGE", range]);
  }
  if (group.length > 0) list.push(["AUDIO", quoted(AUDIO_GROUP)]);
  return `#EXT-X-STREAM-INF:${attributes(list)}`;
}

function largest(group: readonly RenditionView[], of: "peak" | "average"): number {
  return Math.max(0, ...group.map(({ media }) => media[of]));
}

function attributes(list: readonly (readonly [string, string])[]): string {
  return list.map(([name, value]) => `${name}=${value}`).join(",");
}

/** §4.2: a quoted string has no way to hold a quote or a line end. */
function quoted(value: string): string {
  return `"${value.replace(/["\r\n]/g, "_")}"`;
}
