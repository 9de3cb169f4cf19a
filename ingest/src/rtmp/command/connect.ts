/** The `connect` command and its answer: RTMP 1.0 §7.2.1.1, extended by E-RTMP v2 "Enhancing NetConnection connect Command". */
import { type AmfValue, amfProperty } from "../amf0/value.ts";
import type { Message } from "../chunk/header.ts";
import { type Command, encodeCommand } from "./command.ts";
import { StatusCode } from "./status.ts";

/** E-RTMP v2 capsEx flags. */
export const CapsEx = { reconnect: 0x01, multitrack: 0x02, modEx: 0x04, timestampNanoOffset: 0x08 } as const;
/** E-RTMP v2 FourCcInfoMask. */
export const FourCcInfo = { canDecode: 0x01, canEncode: 0x02, canForward: 0x04 } as const;

export interface ConnectRequest {
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** capsEx flags the peer sent; 0 from an RTMP 1.0 peer. */
  readonly capsEx: number;
}

const text = (value: AmfValue): string => (typeof value === "string" ? value : "");

/** Some encoders send "live/" or "/live"; a query of the server's address ends up here too. One pass: the text is the peer's. */
function applicationName(app: string): string {
  const query = app.indexOf("?");
  let to = query < 0 ? app.length : query;
  let from = 0;
  while (from < to && app[from] === "/") from++;
  while (to > from && app[to - 1] === "/") to--;
  return app.slice(from, to);
}

export function readConnect(command: Command): ConnectRequest {
  const object = command.args[0];
  const capsEx = amfProperty(object, "capsEx");
  return {
    app: applicationName(text(amfProperty(object, "app"))),
    tcUrl: text(amfProperty(object, "tcUrl")),
    flashVer: text(amfProperty(object, "flashVer")),
    swfUrl: text(amfProperty(object, "swfUrl")),
    pageUrl: text(amfProperty(object, "pageUrl")),
    capsEx: typeof capsEx === "number" ? capsEx : 0,
  };
}

export const VIDEO_FOURCC = ["avc1", "hvc1", "av01", "vp09"] as const;
export const AUDIO_FOURCC = ["mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3"] as const;

/** `_result` of connect. We forward every codec; whether this machine can package it is the platform's matter. */
export function encodeConnectResult(transactionId: number): Message {
  const infoMap = (fourCcs: readonly string[]) =>
    Object.fromEntries(fourCcs.map((fourCc) => [fourCc, FourCcInfo.canForward]));
  return encodeCommand("_result", transactionId, [
    { fmsVer: "FMS/3,5,7,7009", capabilities: 31, mode: 1 },
    {
      level: "status",
      code: StatusCode.connectSuccess,
      description: "Connection succeeded.",
      objectEncoding: 0,
      fourCcList: [...VIDEO_FOURCC, ...AUDIO_FOURCC],
      videoFourCcInfoMap: infoMap(VIDEO_FOURCC),
      audioFourCcInfoMap: infoMap(AUDIO_FOURCC),
      capsEx: CapsEx.reconnect | CapsEx.multitrack | CapsEx.modEx,
    },
  ]);
}
