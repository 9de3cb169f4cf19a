import { WireError, type WireErrorCode } from "./wire-error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Reads big-endian fields from one complete body. Running past the end is the peer's fault: it throws the given WireError. */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(
    readonly buffer: Uint8Array,
    private readonly truncated: WireErrorCode,
  ) {
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  private take(count: number): number {
    const at = this.position;
    if (count > this.buffer.length - at) {
      throw new WireError(this.truncated, `${count} bytes wanted at offset ${at}, ${this.buffer.length - at} left`);
    }
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }
  u16(): number {
    return this.view.getUint16(this.take(2));
  }
  u24(): number {
    const at = this.take(3);
    return (this.view.getUint16(at) << 8) | this.view.getUint8(at + 2);
  }
  u32(): number {
    return this.view.getUint32(this.take(4));
  }
  i32(): number {
    return this.view.getInt32(this.take(4));
  }
  f64(): number {
    return this.view.getFloat64(this.take(8));
  }
  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.take(count);
    return this.buffer.subarray(at, at + count);
  }
  utf8(count: number): string {
    return utf8.decode(this.bytes(count));
  }
}
