/** Status objects: `onStatus` information and `_error`/`_result` information (RTMP 1.0 §7.2.2; E-RTMP v2 for reconnect). */
import type { Message } from "../chunk/header.ts";
import { encodeCommand } from "./command.ts";

export const StatusCode = {
  connectSuccess: "NetConnection.Connect.Success",
  connectRejected: "NetConnection.Connect.Rejected",
  connectInvalidApp: "NetConnection.Connect.InvalidApp",
  reconnectRequest: "NetConnection.Connect.ReconnectRequest",
  callFailed: "NetConnection.Call.Failed",
  publishStart: "NetStream.Publish.Start",
  publishBadName: "NetStream.Publish.BadName",
  publishRejected: "NetStream.Publish.Rejected",
  unpublishSuccess: "NetStream.Unpublish.Success",
  playReset: "NetStream.Play.Reset",
  playStart: "NetStream.Play.Start",
  playStop: "NetStream.Play.Stop",
  playStreamNotFound: "NetStream.Play.StreamNotFound",
  playUnpublishNotify: "NetStream.Play.UnpublishNotify",
  pauseNotify: "NetStream.Pause.Notify",
  unpauseNotify: "NetStream.Unpause.Notify",
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

export interface Status {
  readonly level: "status" | "error" | "warning";
  readonly code: StatusCode;
  readonly description: string;
}

export function encodeOnStatus(status: Status, streamId: number): Message {
  return encodeCommand(
    "onStatus",
    0,
    [null, { level: status.level, code: status.code, description: status.description }],
    streamId,
  );
}

export function encodeError(transactionId: number, status: Status): Message {
  return encodeCommand("_error", transactionId, [
    null,
    { level: status.level, code: status.code, description: status.description },
  ]);
}
