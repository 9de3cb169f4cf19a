/** Flags that all benches have which open connections. */
import { type OptionTable, option } from "../cli/options.ts";

export const CONNECTION_OPTIONS = {
  url: option("url", "", "rtmp:// or rtmps:// URL; {n} is the number of each, {key} its key from --keys"),
  keys: option("keys", "", "file of keys, one a line: put behind --url, or where it has {key}"),
  ownServer: option("i-own-this-server", false, "allow servers on other machines"),
  insecure: option("insecure", false, "rtmps, https: take any certificate"),
  duration: option("duration", "20s", "time measured, after all have started"),
  ramp: option("ramp", "2s", "time over which connections are opened"),
  timeout: option("timeout", "10s", "the longest that a connection may take to start"),
  workers: option("workers", 0, "processes of the load generator; 0: as many as it needs"),
} satisfies OptionTable;

export const CHUNK_OPTION = { chunkSize: option("chunk-size", 4096, "RTMP chunk size of what is sent (OBS: 4096)") };

const PER_WORKER = 500;

/** One core is left to the server where there are several. */
export function workersFor(asked: number, connections: number, cores: number, perWorker = PER_WORKER): number {
  if (asked > 0) return Math.min(asked, connections);
  return Math.max(1, Math.min(cores - 1, Math.ceil(connections / perWorker)));
}
