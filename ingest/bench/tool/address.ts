/** Where connections go: one URL, or one for each with `{n}` and keys from a file. Keys are secrets: they are never shown. */
import { UsageError } from "../cli/options.ts";
import type { Target } from "../load/rtmp-client.ts";

export interface Address {
  readonly target: Target;
  /** Stream key of a publisher, public name of a player. */
  readonly name: string;
}

const RTMP = /^(rtmps?):\/\/(\[[^\]]+\]|[^/:?#@]+)(?::(\d{1,5}))?\/(.+)$/i;
const PORTS = { rtmp: 1935, rtmps: 443 } as const;

/** `rtmp://HOST[:PORT]/APP/KEY`; the app may have slashes, the key a query. */
export function readRtmpUrl(url: string, insecure = false): Address {
  const match = RTMP.exec(url);
  if (match === null) throw new UsageError("--url takes rtmp://HOST:PORT/APP/KEY or rtmps://HOST:PORT/APP/KEY.");
  const scheme = match[1]!.toLowerCase() as keyof typeof PORTS;
  const port = Number(match[3] ?? PORTS[scheme]);
  if (port < 1 || port > 65_535) throw new UsageError("The port in --url must be 1 to 65535.");
  const [path, query] = match[4]!.split(/(?=\?)/, 2) as [string, string | undefined];
  const slash = path.lastIndexOf("/");
  const app = slash < 0 ? path : path.slice(0, slash);
  const name = slash < 0 ? "" : path.slice(slash + 1);
  if (app === "" || name === "") throw new UsageError("--url needs an app and a key: rtmp://HOST/APP/KEY.");
  const host = match[2]!.replace(/^\[|\]$/g, "");
  return { target: { host, port, app, tls: scheme === "rtmps" ? { insecure } : null }, name: name + (query ?? "") };
}

export const isLoopback = (host: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);

/** Load goes to the machine it comes from, unless somebody says in so many words that the server is theirs. */
export function refuseStranger(host: string, isOwned: boolean): void {
  if (isOwned || isLoopback(host)) return;
  throw new UsageError(
    `${host} is not this machine. A bench can bring a server down: add --i-own-this-server if it is yours to load.`,
  );
}

/** Lines of a file of keys; empty ones and comments are left out. */
export async function readKeys(file: string): Promise<string[]> {
  const text = await Bun.file(file)
    .text()
    .catch(() => {
      throw new UsageError(`The file of keys ${file} can't be read.`);
    });
  const keys = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw new UsageError(`${file} holds no keys: one a line.`);
  return keys;
}

export interface AddressOptions {
  readonly url: string;
  readonly count: number;
  /** A file's path, or "". */
  readonly keys: string;
  readonly isOwned: boolean;
  readonly insecure: boolean;
  /** Publishers can't share a name; players can. */
  readonly isShared: boolean;
}

/** An address for each of `count`. */
export async function readAddresses(options: AddressOptions): Promise<{ addresses: Address[]; notes: string[] }> {
  const { count, isOwned, insecure } = options;
  const notes: string[] = [];
  const keys = options.keys === "" ? null : await readKeys(options.keys);
  if (keys !== null && keys.length < count && !options.isShared)
    throw new UsageError(`${options.keys} holds ${keys.length} keys for ${count} publishers: each needs its own.`);
  let url = options.url;
  if (keys !== null && !url.includes("{key}")) url = `${url.replace(/\/$/, "")}/{key}`;
  if (keys === null && url.includes("{key}")) throw new UsageError("{key} in --url needs --keys FILE.");
  if (keys === null && count > 1 && !options.isShared && !url.includes("{n}")) {
    url = url.includes("?") ? url.replace("?", "-{n}?") : `${url}-{n}`;
    notes.push("The URL has no {n}, and each publisher needs a name of its own: -1, -2, … was put behind the key.");
  }
  const addresses = Array.from({ length: count }, (_, index) => {
    const filled = url.replaceAll("{n}", String(index + 1));
    return readRtmpUrl(keys === null ? filled : filled.replaceAll("{key}", keys[index % keys.length]!), insecure);
  });
  for (const host of new Set(addresses.map(({ target }) => target.host))) refuseStranger(host, isOwned);
  return { addresses, notes };
}

/** A URL without its secrets, for people and files. */
export function shownUrl(url: string): string {
  if (/^https?:/i.test(url)) return url.replace(/([?&](?:token|key|auth|secret)=)[^&#]*/gi, "$1***");
  return url.replace(
    /^(rtmps?:\/\/[^/]+\/(?:[^?]*\/)?)([^/?]*)(\?.*)?$/i,
    (_, head: string, key: string) => head + (key === "{n}" || key === "{key}" ? key : "***"),
  );
}
