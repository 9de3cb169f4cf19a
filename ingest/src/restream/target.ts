/** An RTMP address as encoders are given it, `rtmp://host[:port]/app[/instance]`, in its parts. */
export interface RelayAddress {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly app: string;
  readonly tcUrl: string;
}

const PORTS = { "rtmp:": 1935, "rtmps:": 443 } as const;

/** Null for what is no such address: another scheme, a name or password in it, a query, a fragment, no application. */
export function readRelayAddress(text: string): RelayAddress | null {
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
