/**
 * Who is watching, without saying who. The API (viewing sessions) and ingest (playlist requests) see the same viewer by different requests and
 * must come to the same name, or one viewer counts as two: this is the one place where that name is made.
 *
 * A viewer is the browser that sends the cookie; players that keep none are told apart by address and user agent. Two names are made of that,
 * both HMACs whose keys are derived from the platform's secret:
 * - `member`: who is there at this moment. Lives on the bus for as long as a viewer is there (35 s) and is never written down, so it has no day in
 *   it: at midnight nobody counts twice.
 * - `visitor`: stored with a viewing session, to count unique viewers. Its key is another one every UTC day: the same browser on two days
 *   can't be recognised, and without the secret neither address nor cookie can be found by trying.
 */
import { createHmac, hkdfSync } from "node:crypto";

export const VIEWER_COOKIE = "streamhub_viewer";
/** How long a viewer counts after a sign of life. Milliseconds. */
export const VIEWER_TTL = 35_000;

export interface Viewer {
  /** Value of the cookie; null when there is none, or none of our making. */
  readonly cookie: string | null;
  readonly address: string;
  readonly userAgent: string;
}

export interface ViewerIdentity {
  member(viewer: Viewer): string;
  /** `day`: YYYY-MM-DD, UTC. */
  visitor(viewer: Viewer, day: string): string;
  /**
   * Id of the session that a stream's viewer gets together with its cookie, 22 characters: whoever brings the cookie later has had this session,
   * whichever process gave it.
   */
  firstSession(cookie: string, streamId: number): string;
  /** The browser itself, for as long as it keeps its cookie: a ban from a chat outlives an account's name. 22 characters. */
  browser(cookie: string): string;
}

const COOKIE = new RegExp(`(?:^|;)\\s*${VIEWER_COOKIE}=([A-Za-z0-9_-]{22})\\s*(?:;|$)`);

/** 128 random bits. */
export const makeViewerCookie = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");

/** The viewer cookie in a Cookie header. */
export const viewerCookieOf = (header: string | null): string | null =>
  header === null ? null : (COOKIE.exec(header)?.[1] ?? null);

/** Longer user agents say no more about who it is. */
const MAX_USER_AGENT = 500;

/** Address and cookie of a request; `address` is the client's, a trusted proxy's word included. */
export const viewerOf = (request: Request, address: string): Viewer => ({
  cookie: viewerCookieOf(request.headers.get("cookie")),
  address,
  userAgent: request.headers.get("user-agent")?.slice(0, MAX_USER_AGENT) ?? "",
});

const textOf = ({ cookie, address, userAgent }: Viewer) =>
  cookie === null ? `player\n${address}\n${userAgent}` : `browser\n${cookie}`;

/** `secret`: the platform's, the same in all its processes. */
export function makeViewerIdentity(secret: string): ViewerIdentity {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", secret, "streamhub", purpose, 32));
  const hash = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest("base64url").slice(0, 22);
  const memberKey = derive("viewer now");
  const sessionKey = derive("viewer first session");
  const browserKey = derive("chat browser");
  /** Today's and yesterday's: a session may be looked for across midnight. */
  const dayKeys = new Map<string, Buffer>();
  const dayKey = (day: string): Buffer => {
    const known = dayKeys.get(day) ?? derive(`viewer ${day}`);
    if (dayKeys.size >= 4 && !dayKeys.has(day)) dayKeys.delete(dayKeys.keys().next().value!);
    dayKeys.set(day, known);
    return known;
  };
  return {
    member: (viewer) => hash(memberKey, textOf(viewer)),
    visitor: (viewer, day) => hash(dayKey(day), textOf(viewer)),
    browser: (cookie) => hash(browserKey, cookie),
    firstSession: (cookie, streamId) => hash(sessionKey, `${cookie}\n${streamId}`),
  };
}

/** What one customer of a provider has: an IPv4 address, or the 64 bits of an IPv6 network. Limits count by it. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [left = "", right] = address.split("::");
  const front = left.split(":").filter((word) => word !== "");
  const back = (right ?? "").split(":").filter((word) => word !== "");
  const gap = right === undefined ? [] : new Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return `${[...front, ...gap, ...back].slice(0, 4).join(":")}::/64`;
}

/** YYYY-MM-DD, UTC. */
export const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);
