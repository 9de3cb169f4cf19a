/** Restreams as the database has them, and what of the network they may reach. */
import { lookup as lookUpName } from "node:dns/promises";
import { isIP } from "node:net";
import { type Database, type KeyVault, queries } from "@streamhub/db";
import { isPublicAddress, isPublicHost } from "@streamhub/db/public-address";
import { readRtmpAddress } from "@streamhub/db/rtmp-address";
import type { AddressLookup, RestreamTargets } from "../live/ports.ts";

export const makeRestreamTargets = (db: Database, vault: KeyVault): RestreamTargets => ({
  async of(streamId) {
    const rows = await queries.activeRestreams(db, streamId);
    return rows.map(({ id, url, keySealed }) => ({ id, address: readRtmpAddress(url), key: vault.open(keySealed) }));
  },
});

export interface AddressLookupOptions {
  /** Also addresses that are not on the public Internet. */
  readonly anywhere: boolean;
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const resolveAll = async (host: string) => (await lookUpName(host, { all: true })).map(({ address }) => address);

/** As with all that the platform asks on behalf of others: one address that is not public, and none of the name's may be asked. */
export function makeAddressLookup({ anywhere, resolve = resolveAll }: AddressLookupOptions): AddressLookup {
  return async (host) => {
    if (!anywhere && !isPublicHost(host)) return null;
    const found = isIP(host) === 0 ? await resolve(host) : [host];
    return anywhere || found.every(isPublicAddress) ? found : null;
  };
}
