/**
 * A clock that media carry: the moment at which a frame left, as milliseconds since 1970, that any reader finds without decoding.
 * In H.264 it is an SEI message of its own (user_data_unregistered, ISO/IEC 14496-10 §D.1.6) before each picture, in hexadecimal digits so that
 * no emulation prevention is needed; servers that repackage keep it. Beside it `onClock`, a data message, for every other codec.
 */
import { encodeAmf0 } from "../../src/rtmp/amf0/encode.ts";

/** Names the message: any 16 bytes without two zeroes in a row. */
export const CLOCK_UUID = new TextEncoder().encode("StreamHubClock-1");
const DIGITS = 12;
const NAL_SEI = 6;
const USER_DATA_UNREGISTERED = 5;
const STOP_BIT = 0x80;
/** NAL header, type, size, UUID, digits, stop bit. */
export const SEI_SIZE = 3 + CLOCK_UUID.length + DIGITS + 1;
/** Of the digits in a NAL with a length of four bytes before it. */
const DIGITS_AT = 4 + 3 + CLOCK_UUID.length;

/** The SEI NAL with its length before it, at time 0. */
export function makeClockNal(): Uint8Array {
  const nal = new Uint8Array(4 + SEI_SIZE);
  nal[3] = SEI_SIZE;
  nal[4] = NAL_SEI;
  nal[5] = USER_DATA_UNREGISTERED;
  nal[6] = CLOCK_UUID.length + DIGITS;
  nal.set(CLOCK_UUID, 7);
  nal.fill(0x30, DIGITS_AT, DIGITS_AT + DIGITS);
  nal[nal.length - 1] = STOP_BIT;
  return nal;
}

/** `at`: where the NAL's length stands. */
export function stampClock(bytes: Uint8Array, at: number, time: number): void {
  let rest = Math.round(time);
  for (let place = at + DIGITS_AT + DIGITS - 1; place >= at + DIGITS_AT; place--) {
    const digit = rest % 16;
    bytes[place] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest = (rest - digit) / 16;
  }
}

/** The first clock in `bytes` from `from` on, and where it ends; null where there is none. */
export function findClock(bytes: Uint8Array, from = 0, end = bytes.length): { time: number; end: number } | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  for (let at = buffer.indexOf(CLOCK_UUID, from); at >= 0; at = buffer.indexOf(CLOCK_UUID, at + 1)) {
    const start = at + CLOCK_UUID.length;
    const text = buffer.toString("latin1", start, start + DIGITS);
    if (/^[0-9a-f]{12}$/.test(text)) return { time: Number.parseInt(text, 16), end: start + DIGITS };
  }
  return null;
}

/** All clocks in `bytes`, in order. */
export function findClocks(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let next = findClock(bytes); next !== null; next = findClock(bytes, next.end)) found.push(next.time);
  return found;
}

/** The body of a data message that says what time it is. */
export function clockMessage(time: number): Uint8Array {
  return encodeAmf0(["onClock", { unixMs: time }]);
}

const ON_CLOCK = encodeAmf0(["onClock"]);
const UNIX_MS = Buffer.from("unixMs");

/** The time in a script body of `clockMessage`; null for any other. */
export function readClockMessage(body: Uint8Array): number | null {
  if (body.length < ON_CLOCK.length || !ON_CLOCK.every((byte, index) => body[index] === byte)) return null;
  const at = Buffer.from(body.buffer, body.byteOffset, body.length).indexOf(UNIX_MS);
  const value = at + UNIX_MS.length;
  if (at < 0 || value + 9 > body.length || body[value] !== 0) return null;
  return new DataView(body.buffer, body.byteOffset + value + 1, 8).getFloat64(0);
}

/** Where the clock's NAL goes in an FLV video body of H.264, behind an access unit delimiter; null: not such a body. */
export function placeOfClock(body: Uint8Array): number | null {
  // FLV 10.1 §E.4.3.1: AVC NALUs; lengths of four bytes, as every encoder for RTMP writes them.
  if ((body[0]! & 0x8f) !== 0x07 || body[1] !== 1 || body.length < 10) return null;
  const length = new DataView(body.buffer, body.byteOffset + 5, 4).getUint32(0);
  const isDelimiter = (body[9]! & 0x1f) === 9 && 9 + length <= body.length;
  return isDelimiter ? 9 + length : 5;
}
