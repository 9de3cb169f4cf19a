/** What a start prints for the person in front of it. */
import { networkInterfaces } from "node:os";

export interface Addresses {
  readonly site: string;
  readonly rtmp: string;
  readonly rtmps: string | null;
  /** The same server seen from other machines of the network; empty when it listens on loopback only. */
  readonly elsewhere: readonly string[];
}

export interface AddressOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly rtmpPort: number;
  readonly rtmpsPort: number | null;
  readonly publicUrl: string | null;
}

const ANY = new Set(["0.0.0.0", "::"]);

function networkAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => address.family === "IPv4" && !address.internal)
    .map((address) => address.address);
}

export function addressesOf({ host, httpPort, rtmpPort, rtmpsPort, publicUrl }: AddressOptions): Addresses {
  const local = ANY.has(host) ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const publicHost = publicUrl === null ? local : new URL(publicUrl).hostname;
  const others = ANY.has(host) && publicUrl === null ? networkAddresses() : [];
  return {
    site: publicUrl ?? `http://${local}:${httpPort}`,
    rtmp: `rtmp://${publicHost}:${rtmpPort}/live`,
    rtmps: rtmpsPort === null ? null : `rtmps://${publicHost}:${rtmpsPort}/live`,
    elsewhere: others.map((address) => `http://${address}:${httpPort} and rtmp://${address}:${rtmpPort}/live`),
  };
}

export interface FirstRun {
  readonly slug: string;
  readonly streamKey: string;
}

export function bannerText(addresses: Addresses, first: FirstRun | null, demoSlug: string | null): string {
  const lines = [
    "",
    "  StreamHub is running.",
    "",
    `  Site         ${addresses.site}`,
    `  RTMP server  ${addresses.rtmp}`,
    ...(addresses.rtmps === null ? [] : [`  RTMPS server ${addresses.rtmps}`]),
    ...addresses.elsewhere.map((text) => `  From other machines: ${text}`),
    "",
  ];
  if (first !== null) {
    lines.push(
      `  Your first channel is "${first.slug}": ${addresses.site}/watch/${first.slug}`,
      `  Stream key   ${first.streamKey}`,
      "  In OBS: Settings, Stream, Service Custom…, Server and Stream Key as above.",
      "  To become its owner, in another terminal of this folder (the password is typed on its own line, then Ctrl-D):",
      "    npx bun streamhub user create --username NAME --email ADDRESS --role admin --password-stdin",
      `    npx bun streamhub channel claim ${first.slug} --user NAME`,
      "",
    );
  } else {
    lines.push("  Stream keys: npx bun streamhub channel key SLUG", "");
  }
  if (demoSlug !== null) lines.push(`  A demo picture is on its way to ${addresses.site}/watch/${demoSlug}`, "");
  lines.push("  Ctrl-C stops everything in order.", "");
  return lines.join("\n");
}
