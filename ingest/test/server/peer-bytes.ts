/** What a client sends, as bytes: for peers that break the rules at a chosen place. */
import type { AmfValue } from "../../src/rtmp/amf0/value.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { encodeCommand } from "../../src/rtmp/command/command.ts";
import { concat } from "../vectors/wire.ts";

export const HANDSHAKE = concat(Uint8Array.of(3), new Uint8Array(1536), new Uint8Array(1536));

export const command = (name: string, transaction: number, args: readonly AmfValue[], streamId = 0): Uint8Array =>
  encodeMessage(encodeCommand(name, transaction, args, streamId), 3, 128);

export const connect = (app = "live"): Uint8Array =>
  command("connect", 1, [{ app, flashVer: "FMLE/3.0", tcUrl: `rtmp://localhost/${app}` }]);
export const createStream = (): Uint8Array => command("createStream", 2, [null]);
export const publish = (key: string): Uint8Array => command("publish", 3, [null, key, "live"], 1);
export const play = (name: string): Uint8Array => command("play", 3, [null, name, -2000], 1);

export const startPublish = (key: string): Uint8Array => concat(HANDSHAKE, connect(), createStream(), publish(key));
export const startPlay = (name: string): Uint8Array => concat(HANDSHAKE, connect(), createStream(), play(name));

const media =
  (typeId: number, csid: number) =>
  (timestamp: number, payload: Uint8Array, chunkSize = 128) =>
    encodeMessage({ typeId, streamId: 1, timestamp, payload }, csid, chunkSize);
export const audio = media(8, 4);
export const video = media(9, 6);
export const data = media(18, 5);

export const AVC_CONFIG = Uint8Array.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f]);
export const avcFrame = (isKeyframe: boolean, size: number, fill = 0x65): Uint8Array => {
  const body = new Uint8Array(5 + size).fill(fill, 5);
  body[0] = isKeyframe ? 0x17 : 0x27;
  body[1] = 1;
  return body;
};
