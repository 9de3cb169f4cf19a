/** Reads back what `encodeChunk` wrote, strictly: for tests. */
export interface ReadSample {
  readonly time: number;
  readonly duration: number;
  readonly cts: number;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}

export interface ReadChunk {
  readonly sequence: number;
  readonly trackId: number;
  readonly time: number;
  readonly duration: number;
  readonly samples: readonly ReadSample[];
}

const name = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + 4 + index)));

/** All chunks of a segment, one after the other. */
export function readChunks(bytes: Uint8Array): ReadChunk[] {
  const chunks: ReadChunk[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { chunk, size } = readChunk(bytes.subarray(at));
    chunks.push(chunk);
    at += size;
  }
  return chunks;
}

function readChunk(bytes: Uint8Array): { chunk: ReadChunk; size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expect = (at: number, type: string): number => {
    if (name(view, at) !== type) throw new Error(`${name(view, at)} where ${type} should be`);
    return view.getUint32(at);
  };
  const moof = expect(0, "moof");
  let at = 8;
  expect(at, "mfhd");
  const sequence = view.getUint32(at + 12);
  at += 16;
  const traf = expect(at, "traf");
  if (at + traf !== moof) throw new Error("traf does not fill its moof");
  at += 8;
  expect(at, "tfhd");
  const trackId = view.getUint32(at + 12);
  at += 16;
  expect(at, "tfdt");
  const time = Number(view.getBigUint64(at + 12));
  at += 20;
  const trun = expect(at, "trun");
  if (at + trun !== moof) throw new Error("trun does not fill its traf");
  const count = view.getUint32(at + 12);
  let offset = view.getInt32(at + 16);
  at += 20;
  const mdat = expect(moof, "mdat");
  if (offset !== moof + 8) throw new Error("data offset is not the mdat's first byte");
  const samples: ReadSample[] = [];
  let duration = 0;
  for (let index = 0; index < count; index++, at += 16) {
    const size = view.getUint32(at + 4);
    samples.push({
      time: time + duration,
      duration: view.getUint32(at),
      cts: view.getInt32(at + 12),
      isSync: (view.getUint32(at + 8) & 0x10000) === 0,
      data: bytes.subarray(offset, offset + size),
    });
    duration += view.getUint32(at);
    offset += size;
  }
  if (offset !== moof + mdat) throw new Error("samples do not fill the mdat");
  return { chunk: { sequence, trackId, time, duration, samples }, size: moof + mdat };
}
