/**
 * Playlists for who watches with a token: each URI in them carries it on. EXT-X-DEFINE with QUERYPARAM (rfc8216bis §4.4.2.3) and DASH's UrlQueryInfo
 * (ISO/IEC 23009-1 Annex I) would do the same in the player, but ffmpeg, VLC and older players know neither. A playlist is still rendered once for
 * all: it is cut where a token goes, and joined for each request.
 */

/** §4.1: a line that begins with no # is a URI; §4.2: attributes of this name hold one. */
const HLS_URI = /(?:[,:]URI="[^"\r\n]+)|(?:^[^#\r\n][^\r\n]*)/gm;
/** ISO/IEC 23009-1 §5.3.9: the templates of segments and of what begins them. */
const DASH_URI = /\s(?:media|initialization)="[^"]+/g;

/** The pieces between which a token goes. */
export function cutAtTokens(text: string, kind: "hls" | "dash"): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const match of text.matchAll(kind === "hls" ? HLS_URI : DASH_URI)) {
    const end = match.index + match[0].length;
    pieces.push(`${text.slice(from, end)}${match[0].includes("?") ? "&" : "?"}token=`);
    from = end;
  }
  pieces.push(text.slice(from));
  return pieces;
}
