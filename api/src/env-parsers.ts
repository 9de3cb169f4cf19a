/** What the texts of environment variables mean: each check gives a typed value, or a sentence's end that says what to change. */

import { isIP } from "node:net";
import { REQUEST_LIMITS, type RequestLimits } from "./limits/model.ts";

/** A value, or what is wrong with the text: the end of a sentence that begins with the variable's name. */
export type Check<T> = { readonly ok: T } | { readonly wrong: string };
export type Parse<T> = (text: string | undefined) => Check<T>;

const MIN_SECRET_LENGTH = 32;

export function optional<T>(check: (text: string) => Check<T>): Parse<T | null> {
  return (text) => (text === undefined ? { ok: null } : check(text));
}

/** The default stands as a text, as an operator would write it: the same check reads both. */
export function withDefault<T>(text: string, check: (text: string) => Check<T>) {
  return { default: text, parse: (given: string | undefined) => check(given ?? text) };
}

/** For lists and sets of names, where unset means that there are none. */
export function orNone<T>(none: T, check: (text: string) => Check<T>): Parse<T> {
  return (text) => (text === undefined ? { ok: none } : check(text));
}

export function port(text: string): Check<number> {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65535) return { ok: value };
  return { wrong: "must be a whole number from 0 to 65535 (0 picks a free port)" };
}

export function oneOf<T extends string>(choices: readonly T[]): (text: string) => Check<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase());
    return found === undefined ? { wrong: `must be one of ${choices.join(", ")}` } : { ok: found };
  };
}

export function url(schemes: readonly string[], example: string): (text: string) => Check<string> {
  return (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (parsed !== null && schemes.includes(parsed.protocol) && parsed.hostname !== "") return { ok: text };
    return { wrong: `must be a URL that starts with ${schemes.map((s) => `${s}//`).join(" or ")}, such as ${example}` };
  };
}

/** A site lives at the root of an origin: a path would break every link, so it is refused here rather than ignored. */
export function origin(text: string): Check<string> {
  const sentence = "must be the site's address without a path, such as https://live.example.org";
  if (!URL.canParse(text)) return { wrong: sentence };
  const parsed = new URL(text);
  const bare = parsed.pathname === "/" && parsed.search === "" && parsed.hash === "" && parsed.username === "";
  if (!bare || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) return { wrong: sentence };
  return { ok: parsed.origin };
}

export function host(text: string): Check<string> {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) || /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/.test(text))
    return { ok: text };
  return {
    wrong: "must be an address or host name to listen on, without scheme or port, such as 0.0.0.0 or 127.0.0.1",
  };
}

export function days(text: string): Check<number> {
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return value > 0 ? { ok: value } : { wrong: "must be a number of days above 0, such as 30" };
}

export function count(text: string): Check<number> {
  return /^\d{1,6}$/.test(text) ? { ok: Number(text) } : { wrong: "must be a whole number up to 999999" };
}

export function seconds(text: string): Check<number> {
  const found = count(text);
  return "ok" in found && found.ok > 0 ? found : { wrong: "must be a whole number of seconds from 1 to 999999" };
}

/** Of something, 0 to 1. */
export function share(text: string): Check<number> {
  const value = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : 2;
  return value <= 1 ? { ok: value } : { wrong: "must be a number from 0 to 1, such as 0.1" };
}

/** Values may be percent-encoded, as in W3C Baggage. */
export function headers(text: string): Check<Readonly<Record<string, string>>> {
  const pairs = text.split(",").map((pair) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x20-\x7e]*?)\s*$/.exec(pair));
  const wrong = {
    wrong: "must be name=value pairs separated by commas, values percent-encoded, such as x-api-key=abc",
  };
  if (pairs.some((pair) => pair === null)) return wrong;
  try {
    return { ok: Object.fromEntries(pairs.map((pair) => [pair![1]!, decodeURIComponent(pair![2]!)])) };
  } catch {
    return wrong;
  }
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

export function bytes(text: string): Check<number> {
  const [, digits = "", unit = ""] = /^(\d{1,13})([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const value = Number(digits) * UNITS[unit.toUpperCase()]!;
  if (digits === "" || !Number.isSafeInteger(value)) return { wrong: "must be a number of bytes, such as 500G" };
  return { ok: value };
}

export function path(text: string): Check<string> {
  return text.includes("\0") ? { wrong: "must be a path without NUL characters" } : { ok: text };
}

export function secret(text: string): Check<string> {
  if (text.length >= MIN_SECRET_LENGTH) return { ok: text };
  return { wrong: `must have at least ${MIN_SECRET_LENGTH} characters; "openssl rand -base64 48" makes a good one` };
}

/** `name=number` pairs. Which names there are is the listener's knowledge. */
export function limits(text: string): Check<Readonly<Record<string, number>>> {
  const pairs = text.split(",").map((pair) => /^\s*([A-Za-z]+)\s*=\s*(\d{1,15})\s*$/.exec(pair));
  if (pairs.some((pair) => pair === null)) {
    return { wrong: "must be name=number pairs separated by commas, such as maxConnections=2000,idleTimeout=20000" };
  }
  return { ok: Object.fromEntries(pairs.map((pair) => [pair![1]!, Number(pair![2])])) };
}

const API_LIMITS = Object.keys(REQUEST_LIMITS) as (keyof RequestLimits)[];

export function apiLimits(text: string): Check<Partial<RequestLimits>> {
  const found = limits(text);
  if ("wrong" in found) return { wrong: `${found.wrong.replace(/, such as .*/, "")}, such as perSecond=200,burst=800` };
  const pairs = Object.entries(found.ok);
  if (pairs.some(([name, value]) => !API_LIMITS.some((known) => known === name) || value < 1))
    return { wrong: `must name limits of the API (${API_LIMITS.join(", ")}), each 1 or more` };
  return { ok: found.ok };
}

/** All parts of a list, or the sentence about the first wrong one. */
export function list<T>(check: (part: string) => Check<T>): (text: string) => Check<readonly T[]> {
  return (text) => {
    const checks = text.split(",").map((part) => check(part.trim()));
    const wrong = checks.find((result) => "wrong" in result);
    return wrong ?? { ok: checks.map((result) => (result as { ok: T }).ok) };
  };
}

export const origins = list(origin);

export const addressRanges = list((part): Check<string> => {
  const [address = "", bits, ...more] = part.split("/");
  const family = isIP(address);
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  if (family !== 0 && fits && more.length === 0) return { ok: part };
  return { wrong: "must be IP addresses or CIDR ranges separated by commas, such as 127.0.0.1,10.0.0.0/8" };
});

/** An address, alone or behind a name: `StreamHub <live@example.org>`. */
export function sender(text: string): Check<string> {
  const address = /^[^<>\r\n]{0,100}<([^<>\s]+)>$/.exec(text)?.[1] ?? text;
  return /^[^\s@<>]+@[^\s@<>]+$/.test(address)
    ? { ok: text }
    : { wrong: "must be an e-mail address, such as live@example.org or StreamHub <live@example.org>" };
}

export function text(value: string): Check<string> {
  return { ok: value };
}
