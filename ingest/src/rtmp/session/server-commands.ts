/** The commands a server answers (RTMP 1.0 §7.2), and those that real encoders send beside them. */
import { WireError } from "../../bytes/wire-error.ts";
import type { AmfValue } from "../amf0/value.ts";
import { type Command, encodeCommand } from "../command/command.ts";
import { encodeConnectResult, readConnect } from "../command/connect.ts";
import { encodeError, type Status, StatusCode } from "../command/status.ts";
import { BandwidthLimit, encodeSetPeerBandwidth, encodeWindowAcknowledgementSize } from "../message/control.ts";
import { WINDOW_SIZE } from "./acknowledger.ts";
import type { CommandSession } from "./command-session.ts";
import type { ServerEvent } from "./events.ts";

type Handler = (session: CommandSession, command: Command) => ServerEvent | null;

/** By command name. A name that is not here is answered with `NetConnection.Call.Failed` when it asks for an answer. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["connect", connect],
  ["createStream", createStream],
  ["releaseStream", answerEmpty],
  ["FCPublish", answerEmpty],
  ["FCSubscribe", answerEmpty],
  ["_checkbw", answerEmpty],
  ["publish", publish],
  ["play", play],
  ["pause", pause],
  ["seek", ignore],
  ["receiveAudio", ignore],
  ["receiveVideo", ignore],
  ["getStreamLength", getStreamLength],
  ["FCUnpublish", unpublish],
  ["closeStream", closeStream],
  ["deleteStream", deleteStream],
  ["_result", ignore],
  ["_error", ignore],
  ["onStatus", ignore],
]);

export function runCommand(session: CommandSession, command: Command): ServerEvent | null {
  if (session.state === "connecting" && command.name !== "connect") {
    throw new WireError("command.out-of-order", "the first command must be connect");
  }
  return (HANDLERS.get(command.name) ?? unknown)(session, command);
}

const text = (value: AmfValue): string => (typeof value === "string" ? value : "");

function result(session: CommandSession, command: Command, ...values: AmfValue[]): null {
  // §7.2.1.1: transaction id 0 asks for no answer.
  if (command.transactionId !== 0)
    session.out.message(encodeCommand("_result", command.transactionId, [null, ...values]));
  return null;
}

function refuse(
  session: CommandSession,
  code: Extract<ServerEvent, { type: "refused" }>["code"],
  reason: string,
): ServerEvent {
  session.close();
  return { type: "refused", code, reason };
}

function connect(session: CommandSession, command: Command): ServerEvent {
  session.moveConnection("connect");
  const request = readConnect(command);
  const { apps, chunkSize } = session.options;
  if (apps !== null && !apps.includes(request.app)) {
    const reason = `There is no application of this name here: use rtmp://HOST/${apps[0]} as the server and put the stream key into its own field.`;
    session.out.message(
      encodeError(command.transactionId, { level: "error", code: StatusCode.connectInvalidApp, description: reason }),
    );
    return refuse(session, "refused.app", reason);
  }
  session.request = request;
  session.out.message(encodeWindowAcknowledgementSize(WINDOW_SIZE));
  session.out.message(encodeSetPeerBandwidth(WINDOW_SIZE, BandwidthLimit.dynamic));
  session.out.setChunkSize(chunkSize);
  session.out.message(encodeConnectResult(command.transactionId));
  return { type: "connected", request };
}

function createStream(session: CommandSession, command: Command): null {
  return result(session, command, session.openStream());
}

function answerEmpty(session: CommandSession, command: Command): null {
  return result(session, command, undefined);
}

function getStreamLength(session: CommandSession, command: Command): null {
  return result(session, command, 0); // Live has no length; flash players and ffmpeg ask before play.
}

function ignore(): null {
  return null;
}

function unknown(session: CommandSession, command: Command): null {
  if (command.transactionId !== 0) {
    const status: Status = {
      level: "error",
      code: StatusCode.callFailed,
      description: "This server has no such method.",
    };
    session.out.message(encodeError(command.transactionId, status));
  }
  return null;
}

/** The name of a publish or play; what is wrong with it, answered and refused, is the other case. */
function checkedName(session: CommandSession, command: Command, bad: StatusCode): string | ServerEvent {
  const name = text(command.args[1]);
  const { maxNameLength } = session.options.limits;
  if (name !== "" && name.length <= maxNameLength) return name;
  const publishing = command.name === "publish";
  const what = publishing ? "stream key" : "stream name";
  const reason = name === "" ? `The ${what} is empty.` : `The ${what} is longer than ${maxNameLength} characters.`;
  session.status(command.streamId, "error", bad, reason);
  return refuse(session, name === "" ? "refused.empty-name" : "refused.name-too-long", reason);
}

function publish(session: CommandSession, command: Command): ServerEvent {
  const key = checkedName(session, command, StatusCode.publishBadName);
  if (typeof key !== "string") return key;
  // §7.2.2.6 "live", "record" and "append" are all live here: recording is the channel's setting.
  session.moveStream(command.streamId, "publish");
  return { type: "publish-requested", streamId: command.streamId, app: session.request!.app, key };
}

function play(session: CommandSession, command: Command): ServerEvent {
  const name = checkedName(session, command, StatusCode.playStreamNotFound);
  if (typeof name !== "string") return name;
  session.moveStream(command.streamId, "play");
  return { type: "play-requested", streamId: command.streamId, app: session.request!.app, name };
}

function pause(session: CommandSession, command: Command): ServerEvent | null {
  if (session.streamState(command.streamId) !== "playing") return null;
  const paused = command.args[1] === true;
  session.status(
    command.streamId,
    "status",
    paused ? StatusCode.pauseNotify : StatusCode.unpauseNotify,
    paused ? "Paused." : "Resumed.",
  );
  return { type: "play-paused", streamId: command.streamId, paused };
}

function closeStream(session: CommandSession, command: Command): ServerEvent | null {
  return session.stopStream(command.streamId);
}

/** FMLE's word before deleteStream; it names the key, not the message stream. */
function unpublish(session: CommandSession, command: Command): ServerEvent | null {
  answerEmpty(session, command);
  const streamId = publishingStream(session);
  return streamId === null ? null : session.stopStream(streamId);
}

function deleteStream(session: CommandSession, command: Command): ServerEvent | null {
  // Deviation: GStreamer's rtmp2sink puts the stream key where the id belongs; it means its only stream.
  const id = typeof command.args[1] === "number" ? command.args[1] : (publishingStream(session) ?? command.streamId);
  const event = session.stopStream(id);
  session.deleteStream(id);
  return event;
}

function publishingStream(session: CommandSession): number | null {
  for (const id of session.streamIds()) if (session.streamState(id) === "publishing") return id;
  return null;
}
