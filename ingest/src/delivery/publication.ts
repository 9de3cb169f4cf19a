import type { Milliseconds } from "../bytes/units.ts";
import { renderMpd } from "../packager/dash-mpd.ts";
import { type MediaPlaylistPieces, mediaPlaylistPieces } from "../packager/hls-media.ts";
import { renderMultivariantPlaylist } from "../packager/hls-multivariant.ts";
import type { BroadcastView } from "../packager/view.ts";
import type { SegmentWindow } from "../packager/window.ts";
import type { LivePictures } from "../pictures/broadcast-pictures.ts";
import type { FrameFeed } from "./frame-feed.ts";
import type { ReadStored } from "./media-response.ts";
import { cutAtTokens } from "./token-uris.ts";
import type { Waits } from "./waits.ts";

/** What delivery knows of one broadcast. */
export interface Publication {
  readonly window: SegmentWindow;
  readonly isPrivate: boolean;
  /** Larger than any media sequence or epoch number in it. */
  lastNumber: number;
  /** Discontinuity sequence number of its newest epoch. */
  lastDiscontinuity: number;
  /** Unix time after which nobody can want it. Null while it is live. */
  until: Milliseconds | null;
  readonly waits: Waits;
  /** Null: it is not given frame by frame. */
  readonly feed: FrameFeed | null;
  /** Where segments lie that are listed and not in memory; null: there are none. */
  readonly archive: { readonly read: ReadSegment } | null;
  /** Null: none are drawn. */
  readonly pictures: LivePictures | null;
  readonly rendered: Map<string, Rendered>;
  /** How often a playlist was made anew. */
  renders: number;
}

/** Reads a segment that is in a storage. */
export type ReadSegment = (
  rendition: string,
  number: number,
  ...range: Parameters<ReadStored>
) => ReturnType<ReadStored>;

export interface Rendered {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Between these a token goes; null until somebody has one. */
  pieces: readonly string[] | null;
}

export type PlaylistName = "master.m3u8" | "manifest.mpd" | `${string}/index.m3u8`;

const text = new TextEncoder();

/** A playlist of the newest view: rendered once for each version, however many ask. */
export function playlistOf(
  publication: Publication,
  view: BroadcastView,
  name: PlaylistName,
  skip: boolean,
): Rendered | null {
  const key = skip ? `${name}?skip` : name;
  const cached = publication.rendered.get(key);
  if (cached?.version === view.version) return cached;
  const bytes = render(view, name, skip);
  if (bytes === null) return null;
  publication.renders++;
  const rendered: Rendered = {
    version: view.version,
    bytes,
    etag: `"${Bun.hash(bytes).toString(36)}"`,
    pieces: null,
  };
  publication.rendered.set(key, rendered);
  return rendered;
}

/** The same playlist for who watches with a token: it stands in each URI. */
export function carrying(
  rendered: Rendered,
  name: PlaylistName,
  token: string,
): { readonly bytes: Uint8Array; readonly etag: string } {
  rendered.pieces ??= cutAtTokens(new TextDecoder().decode(rendered.bytes), name === "manifest.mpd" ? "dash" : "hls");
  const bytes = text.encode(rendered.pieces.join(token));
  return { bytes, etag: `"${Bun.hash(bytes).toString(36)}"` };
}

function render(view: BroadcastView, name: PlaylistName, skip: boolean): Uint8Array | null {
  if (name === "master.m3u8")
    return text.encode(renderMultivariantPlaylist(view, (rendition) => `${rendition}/index.m3u8`));
  if (name === "manifest.mpd")
    return text.encode(renderMpd(view, { timeUri: "/live/time", baseOf: (rendition) => `${rendition}/` }));
  const rendition = view.renditions.find((each) => `${each.name}/index.m3u8` === name);
  return rendition === undefined ? null : joined(mediaPlaylistPieces(view, rendition, { skip }));
}

/** Of hours of rewinding only the ends are new: what lies between is copied, not written anew. */
export function joined({ head, past, tail }: MediaPlaylistPieces): Uint8Array {
  if (past === null) return text.encode(head + tail);
  const [start, end] = [text.encode(head), text.encode(tail)];
  const whole = new Uint8Array(start.length + past.length + end.length);
  whole.set(start);
  whole.set(past, start.length);
  whole.set(end, start.length + past.length);
  return whole;
}
