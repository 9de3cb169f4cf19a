/** Arguments of the ffmpeg that draws: a keyframe as fragmented MP4 on its stdin, pictures on its pipes. */

export const TILE_WIDTH = 160;
export const TILE_HEIGHT = 90;
/** Of a raw picture in 4:2:0. */
export const TILE_BYTES = (TILE_WIDTH * TILE_HEIGHT * 3) / 2;
export const SHEET_COLUMNS = 5;
export const SHEET_TILES = SHEET_COLUMNS * SHEET_COLUMNS;

/** Nothing is enlarged; pixels that are not square become square, and sides even. */
const sized = (most: number): string => {
  const width = `min(${most},iw*sar)`;
  return `scale=w='max(2,2*trunc(${width}/2))':h='max(2,2*round(ih*${width}/(iw*sar)/2))',setsar=1`;
};
const TILE = `scale=${TILE_WIDTH}:${TILE_HEIGHT}:force_original_aspect_ratio=decrease,pad=${TILE_WIDTH}:${TILE_HEIGHT}:-1:-1,format=yuv420p`;
const WEBP = ["-c:v", "libwebp", "-quality", "72", "-compression_level", "2", "-f", "image2pipe"];
const QUIET = ["-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-filter_complex_threads", "1"];

/** WebP of 640 on stdout, of 320 on descriptor 3, and on 4 a raw tile: one decoding for all. */
export function keyframeArgv(): string[] {
  const graph = [
    `[0:v:0]${sized(640)},split=2[large][rest]`,
    `[rest]split=2[one][other]`,
    `[one]${sized(320)}[small]`,
    `[other]${TILE}[tile]`,
  ];
  return [
    ...QUIET,
    ...["-f", "mp4", "-i", "pipe:0", "-filter_complex", graph.join(";")],
    ...["-map", "[large]", "-frames:v", "1", ...WEBP, "pipe:1"],
    ...["-map", "[small]", "-frames:v", "1", ...WEBP, "pipe:3"],
    ...["-map", "[tile]", "-frames:v", "1", "-f", "rawvideo", "pipe:4"],
  ];
}

/** Raw tiles on stdin, a sheet of them as WebP on stdout. */
export function sheetArgv(): string[] {
  const size = `${TILE_WIDTH}x${TILE_HEIGHT}`;
  return [
    ...QUIET,
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", size, "-i", "pipe:0"],
    ...["-vf", `tile=${SHEET_COLUMNS}x${SHEET_COLUMNS}`, "-frames:v", "1", ...WEBP, "pipe:1"],
  ];
}
