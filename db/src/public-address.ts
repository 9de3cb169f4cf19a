/** Which addresses belong to everybody's Internet: the platform asks no other ones on behalf of those who use it. */
import { BlockList, isIP } from "node:net";

/** IANA's registries of special-purpose addresses (RFC 6890), multicast, and what embeds an IPv4 address that nobody looked at. */
const SPECIAL_V4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["224.0.0.0/4", "240.0.0.0/4"],
];
const SPECIAL_V6 = [
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
];

function listOf(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

const special4 = listOf(SPECIAL_V4, "ipv4");
const special6 = listOf(SPECIAL_V6, "ipv6");
/** Global unicast. */
const global6 = listOf(["2000::/3"], "ipv6");

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special4.check(address, "ipv4");
  return family === 6 && global6.check(address, "ipv6") && !special6.check(address, "ipv6");
}

/** Whether a host may be on the public Internet, as far as it can be seen without looking its name up. Of addresses that is all. */
export function isPublicHost(host: string): boolean {
  return isIP(host) === 0 ? !/(^|\.)(localhost|local|internal)\.?$/i.test(host) : isPublicAddress(host);
}
