/** Where an HLS player begins, and what it fetches next (draft-pantos-hls-rfc8216bis §6.3.3). */
import type { MediaPlaylist, Reference } from "../../src/conformance/hls-playlist.ts";

/** A segment or a part, to be fetched as one. */
export interface Piece {
  readonly reference: Reference;
  readonly kind: "segment" | "part";
  /** Of its segment. */
  readonly number: number;
  /** Of the part in its segment; -1 for a whole segment. */
  readonly index: number;
  readonly seconds: number;
  readonly map: Reference | null;
  /** EXT-X-PROGRAM-DATE-TIME of its start, carried on from the tag before; null without any. */
  readonly dateTime: number | null;
  readonly isIndependent: boolean;
}

/** All that can be fetched, the finest pieces that are listed: parts where there are any, whole segments before. */
export function piecesOf(playlist: MediaPlaylist): Piece[] {
  const pieces: Piece[] = [];
  let dateTime: number | null = null;
  for (const segment of playlist.segments) {
    dateTime = segment.dateTime ?? dateTime;
    const { number, map } = segment;
    if (segment.isGap) {
      dateTime = dateTime === null ? null : dateTime + segment.seconds * 1_000;
      continue;
    }
    if (segment.parts.length === 0) {
      const { seconds } = segment;
      pieces.push({
        reference: segment,
        kind: "segment",
        number,
        index: -1,
        seconds,
        map,
        dateTime,
        isIndependent: true,
      });
    }
    let at = dateTime;
    for (const [index, part] of segment.parts.entries()) {
      const { seconds, isIndependent } = part;
      pieces.push({ reference: part, kind: "part", number, index, seconds, map, dateTime: at, isIndependent });
      at = at === null ? null : at + seconds * 1_000;
    }
    dateTime = dateTime === null ? null : dateTime + segment.seconds * 1_000;
  }
  const { edge, segments, mediaSequence } = playlist;
  const number = (segments.at(-1)?.number ?? mediaSequence - 1) + 1;
  let at = edge.dateTime ?? dateTime;
  for (const [index, part] of edge.parts.entries()) {
    const { seconds, isIndependent } = part;
    pieces.push({ reference: part, kind: "part", number, index, seconds, map: edge.map, dateTime: at, isIndependent });
    at = at === null ? null : at + seconds * 1_000;
  }
  return pieces;
}

/** Seconds from the end at which a client begins: what the server asks for, or else three target durations. */
export function holdBackOf({ control, partTarget, targetDuration }: MediaPlaylist): number {
  if (partTarget !== null && control?.partHoldBack != null) return control.partHoldBack;
  return control?.holdBack ?? 3 * targetDuration;
}

/** The piece to begin with and how many of its seconds are passed over; null: nothing is listed. */
export function startOf(playlist: MediaPlaylist, isVideo: boolean): { first: Piece; skip: number } | null {
  const pieces = piecesOf(playlist);
  if (pieces.length === 0) return null;
  if (playlist.hasEnded) return { first: pieces[0]!, skip: 0 };
  const holdBack = holdBackOf(playlist);
  let fromEnd = 0;
  for (let at = pieces.length - 1; at >= 0; at--) {
    const piece = pieces[at]!;
    fromEnd += piece.seconds;
    const isDecodable = !isVideo || piece.isIndependent || piece.index === 0;
    if (fromEnd + 1e-6 >= holdBack && isDecodable) return { first: piece, skip: Math.max(0, fromEnd - holdBack) };
  }
  return { first: pieces[0]!, skip: 0 };
}

/** Whether `a` comes after `b`. */
export const isAfter = (a: Pick<Piece, "number" | "index">, b: Pick<Piece, "number" | "index">): boolean =>
  a.number > b.number || (a.number === b.number && b.index >= 0 && a.index > b.index);
