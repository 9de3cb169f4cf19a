import { WireError } from "../../bytes/wire-error.ts";

/** What a chunk stream remembers of its last header, and its message in progress. */
export interface ChunkStream {
  timestamp: number;
  delta: number;
  /** The extended field's value, or -1 when the last header had none. */
  extended: number;
  length: number;
  typeId: number;
  streamId: number;
  /** null between messages. */
  buffer: Uint8Array | null;
  received: number;
  /** Memory of an earlier message that the next one may use. */
  spare: Uint8Array | null;
}

/** The chunk streams of one direction by id. */
export class ChunkStreams {
  /** Ids below 64 (all that encoders use) without a hash. */
  private readonly low: (ChunkStream | undefined)[] = new Array(64).fill(undefined);
  private readonly high = new Map<number, ChunkStream>();
  private count = 0;

  constructor(private readonly limit: number) {}

  find(csid: number): ChunkStream | undefined {
    return csid < 64 ? this.low[csid] : this.high.get(csid);
  }

  open(csid: number): ChunkStream {
    if (this.count >= this.limit) {
      throw new WireError("chunk.too-many-streams", `more than ${this.limit} chunk streams in use`);
    }
    const stream: ChunkStream = {
      timestamp: 0,
      delta: 0,
      extended: -1,
      length: 0,
      typeId: 0,
      streamId: 0,
      buffer: null,
      received: 0,
      spare: null,
    };
    this.count++;
    if (csid < 64) this.low[csid] = stream;
    else this.high.set(csid, stream);
    return stream;
  }
}
