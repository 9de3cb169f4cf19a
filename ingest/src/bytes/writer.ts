const utf8 = new TextEncoder();

/** Appends big-endian fields to a buffer that doubles as needed. `take()` hands the bytes over and starts anew. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  private length = 0;

  constructor(private readonly initialCapacity = 256) {
    this.buffer = new Uint8Array(initialCapacity);
    this.view = new DataView(this.buffer.buffer);
  }

  get size(): number {
    return this.length;
  }

  /** Where `count` bytes go. Called before `view` or `buffer` is read: growing replaces both. */
  private reserve(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.length = end;
    return at;
  }

  u8(value: number): this {
    const at = this.reserve(1);
    this.view.setUint8(at, value);
    return this;
  }
  u16(value: number): this {
    const at = this.reserve(2);
    this.view.setUint16(at, value);
    return this;
  }
  u24(value: number): this {
    const at = this.reserve(3);
    this.view.setUint16(at, value >>> 8);
    this.view.setUint8(at + 2, value);
    return this;
  }
  u32(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, value);
    return this;
  }
  u32le(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
    return this;
  }
  f64(value: number): this {
    const at = this.reserve(8);
    this.view.setFloat64(at, value);
    return this;
  }
  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }
  utf8(value: string): this {
    return this.bytes(utf8.encode(value));
  }

  /** The bytes written so far; the writer is empty afterwards and never touches them again. */
  take(): Uint8Array {
    const written = this.buffer.subarray(0, this.length);
    this.buffer = new Uint8Array(this.initialCapacity);
    this.view = new DataView(this.buffer.buffer);
    this.length = 0;
    return written;
  }
}
