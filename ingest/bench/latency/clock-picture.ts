/** A clock that a program reads out of the picture: a row of black and white fields at its top, which survives every codec. */

export const PICTURE = { width: 640, height: 360, fps: 30 } as const;
/** Fields of the row, most significant bit first: the time, then the check. */
const TIME_BITS = 24;
const CHECK_BITS = 8;
export const FIELD = PICTURE.width / (TIME_BITS + CHECK_BITS);
export const ROW_HEIGHT = 24;
const [BLACK, WHITE] = [16, 235];

/** Tells a misread picture from a read one. */
export const checkOf = (time: number): number => (time ^ (time >> 8) ^ (time >> 16) ^ 0x5a) & 0xff;

/** One grey picture (`-pix_fmt gray`). `time`: milliseconds, less than 2^24. */
export function drawClock(out: Uint8Array, time: number, frame: number): void {
  const { width, height } = PICTURE;
  // Something that moves and has edges, so that the encoder has work and the bit rate is a real one's.
  for (let y = ROW_HEIGHT; y < height; y++) {
    const row = y * width;
    const shade = 40 + ((y * 3 + frame * 4) & 0x7f);
    out.fill(shade, row, row + width);
    const bar = (frame * 6 + (y >> 3) * 16) % width;
    out.fill(220, row + bar, row + Math.min(width, bar + 24));
  }
  drawClockRow(out, width, time);
}

/** The row alone, at the head of a grey picture that is `width` wide. */
export function drawClockRow(out: Uint8Array, width: number, time: number): void {
  const fields = TIME_BITS + CHECK_BITS;
  const field = width / fields;
  const bits = time * 2 ** CHECK_BITS + checkOf(time);
  for (let bit = 0; bit < fields; bit++) {
    const isSet = Math.floor(bits / 2 ** (fields - 1 - bit)) % 2 === 1;
    const from = Math.round(bit * field);
    for (let y = 0; y < ROW_HEIGHT; y++) {
      out.fill(isSet ? WHITE : BLACK, y * width + from, y * width + Math.round(from + field));
    }
  }
}
