/** The last of a child's error output, bounded: enough to say why it ended. */
export interface Tail {
  add(chunk: Uint8Array): void;
  text(): string;
}

const KEEP_BYTES = 2048;

export function makeTail(keep = KEEP_BYTES): Tail {
  let last = new Uint8Array(0);
  return {
    add(chunk) {
      const end = chunk.subarray(Math.max(0, chunk.length - keep));
      const start = last.subarray(Math.max(0, last.length + end.length - keep));
      const joined = new Uint8Array(start.length + end.length);
      joined.set(start);
      joined.set(end, start.length);
      last = joined;
    },
    text: () => new TextDecoder().decode(last).trim(),
  };
}
