/** An address of an RTMP service as encoders are given it, `rtmp://host[:port]/app[/instance]`, in its parts. */
export interface RtmpAddress {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** The address itself, written in the one way. */
  readonly tcUrl: string;
}

const PORTS = { "rtmp:": 1935, "rtmps:": 443 } as const;

/** Null for what is no such address: another scheme, a name or password in it, a query, a fragment, no application. */
export function readRtmpAddress(text: string): RtmpAddress | null {
  if (!URL.canParse(text)) return null;
  const { protocol, username, password, hostname, port, pathname, search, hash } = new URL(text);
  if (protocol !== "rtmp:" && protocol !== "rtmps:") return null;
  if (username !== "" || password !== "" || search !== "" || hash !== "" || hostname === "") return null;
  const app = pathname.replace(/^\/+|\/+$/g, "");
  if (app === "") return null;
  const number = port === "" ? PORTS[protocol] : Number(port);
  if (number === 0) return null;
  const place = port === "" ? hostname : `${hostname}:${port}`;
  return {
    isTls: protocol === "rtmps:",
    host: hostname.replace(/^\[|\]$/g, ""),
    port: number,
    app,
    tcUrl: `${protocol}//${place}/${app}`,
  };
}

export interface RtmpTarget {
  readonly address: RtmpAddress;
  readonly key: string;
}

/**
 * A service and its key. A key is looked for behind the last `/` of the address where none is given, and is taken off it where it stands in both
 * places, so that the address has none in it. Null: the address is none, or there is no key.
 */
export function readRtmpTarget(url: string, key: string | undefined): RtmpTarget | null {
  if (key !== undefined) {
    const address = readRtmpAddress(url.endsWith(`/${key}`) ? url.slice(0, -key.length) : url);
    return address === null ? null : { address, key };
  }
  const at = url.lastIndexOf("/", url.includes("?") ? url.indexOf("?") : url.length);
  const found = url.slice(at + 1);
  const address = readRtmpAddress(url.slice(0, at));
  return address === null || found === "" ? null : { address, key: found };
}
