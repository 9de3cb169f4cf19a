/** What a session has to send: messages encoded at once, handed over joined, so that one answer is one write. */
import { Csid } from "../chunk/csid.ts";
import { encodeMessage } from "../chunk/encoder.ts";
import { DEFAULT_CHUNK_SIZE, type Message, MessageType } from "../chunk/header.ts";
import { encodeSetChunkSize } from "../message/control.ts";

const EMPTY = new Uint8Array(0);

function customaryCsid(typeId: number): number {
  if (typeId <= MessageType.setPeerBandwidth) return Csid.protocolControl;
  if (typeId === MessageType.audio) return Csid.audio;
  if (typeId === MessageType.video) return Csid.video;
  if (typeId === MessageType.dataAmf0 || typeId === MessageType.dataAmf3) return Csid.data;
  return Csid.command;
}

export class Outbox {
  private pieces: Uint8Array[] = [];
  private size = 0;
  private chunkSize = DEFAULT_CHUNK_SIZE;

  raw(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  message(message: Message): void {
    this.raw(encodeMessage(message, customaryCsid(message.typeId), this.chunkSize));
  }

  /** Sends Set Chunk Size; it holds from the next message on (§5.4.1). */
  setChunkSize(size: number): void {
    this.message(encodeSetChunkSize(size));
    this.chunkSize = size;
  }

  take(): Uint8Array {
    const { pieces, size } = this;
    if (pieces.length === 0) return EMPTY;
    this.pieces = [];
    this.size = 0;
    if (pieces.length === 1) return pieces[0]!;
    const out = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}
