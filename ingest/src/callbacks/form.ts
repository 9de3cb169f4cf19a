/** What a callback says and what its answer means, in the words of nginx-rtmp's notify module. */
import type { CallbackAnswer, CallbackPeer } from "../live/ports.ts";

/** A name as peers give it, `NAME?more=…`: the rest is passed on to the operator's programs. */
export interface CalledName {
  readonly name: string;
  /** Names and values; none of them one of ours. */
  readonly more: readonly (readonly [string, string])[];
}

export type Fields = Readonly<Record<string, string | number>>;

/** Words of a peer, each: its longest ones would make every callback large. */
const MAX_WORD = 1_024;
/** What a peer may not say in our place. */
const OURS: ReadonlySet<string> = new Set([
  "app",
  "flashver",
  "swfurl",
  "tcurl",
  "pageurl",
  "addr",
  "clientid",
  "call",
  "name",
  "type",
  "time",
  "timestamp",
]);

export function calledName(text: string): CalledName {
  const mark = text.indexOf("?");
  if (mark < 0) return { name: text, more: [] };
  const more = [...new URLSearchParams(text.slice(mark + 1))].filter(([key]) => !OURS.has(key.toLowerCase()));
  return { name: text.slice(0, mark), more };
}

const pair = (key: string, value: string | number): string =>
  // A lone surrogate has no encoding; a peer's words may have one.
  `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(String(value).slice(0, MAX_WORD).toWellFormed())}`;

/** `application/x-www-form-urlencoded`. Connections are `r` and a number in base 36; programs expect a number. */
export function formOf(peer: CallbackPeer, { name, more }: CalledName, fields: Fields): string {
  const { app, flashVer, swfUrl, tcUrl, pageUrl, address, connectionId } = peer;
  const said = {
    app,
    flashver: flashVer,
    swfurl: swfUrl,
    tcurl: tcUrl,
    pageurl: pageUrl,
    addr: address,
    clientid: Number.parseInt(connectionId.slice(1), 36),
    ...fields,
    name,
  };
  return [...Object.entries(said), ...more].map(([key, value]) => pair(key, value)).join("&");
}

/** A name is what may stand in `rtmp://HOST/live/NAME`. Another server's address is none: nobody is sent elsewhere. */
const NAME = /^[\x21-\x7e]{1,255}$/;

/** 2xx: it may; 3xx: by the name in Location; everything else: it may not. */
export function answerOf(status: number, location: string | null, asked: string): CallbackAnswer {
  if (status >= 200 && status < 300) return { kind: "allowed", name: asked };
  if (status < 300 || status >= 400 || location === null) return { kind: "refused" };
  return NAME.test(location) && !location.includes("/") ? { kind: "allowed", name: location } : { kind: "refused" };
}
