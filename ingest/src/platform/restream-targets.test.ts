import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { makeKeyVault, queries } from "@streamhub/db";
import { openScratchDatabase, type ScratchDatabase } from "@streamhub/db/scratch";
import { makeAddressLookup, makeRestreamTargets } from "./restream-targets.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const log = { info() {}, warn() {}, error() {} };
let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase(log);
});
afterAll(() => handle?.close());

test("a stream's targets are its channel's that are switched on, with their keys opened", async () => {
  const { db } = handle;
  await queries.createUser(db, { username: "anna", email: "anna@example.org", hashedPassword: "x" });
  const channel = { slug: "one", title: "One", username: "anna", streamKey: "key-of-one" };
  const { id: channelId } = await queries.createChannel(db, vault, channel);
  const live = await queries.goLive(db, vault, { streamKey: "key-of-one", nodeId: "n", staleAfterMs: 60_000 });
  if (live.kind !== "live") throw new Error(live.kind);
  const row = { channelId, name: "There", url: "rtmps://push.example/app" };
  await queries.createRestream(db, { ...row, keySealed: vault.seal("k1") });
  await queries.createRestream(db, { ...row, keySealed: vault.seal("k2"), isActive: false });
  await queries.createRestream(db, { ...row, keySealed: "v1.AAAA" });
  const found = await makeRestreamTargets(db, vault).of(live.streamId);
  expect(found.map(({ key }) => key)).toEqual(["k1", null]);
  expect(found[0]?.address).toMatchObject({ isTls: true, host: "push.example", port: 443, app: "app" });
  expect(await makeRestreamTargets(db, vault).of(live.streamId + 1)).toEqual([]);
});

test.each(["127.0.0.1", "10.0.0.1", "::1", "localhost", "db.internal", "169.254.169.254", "0.0.0.0"])(
  "%s is asked by nobody",
  async (host) => {
    let asked = 0;
    const resolve = async () => {
      asked++;
      return ["1.1.1.1"];
    };
    expect(await makeAddressLookup({ anywhere: false, resolve })(host)).toBeNull();
    expect(asked).toBe(0);
  },
);

test.each([
  [["127.0.0.1"], null],
  [["1.1.1.1", "192.168.0.1"], null],
  [
    ["1.1.1.1", "2606:4700::1111"],
    ["1.1.1.1", "2606:4700::1111"],
  ],
])("a name that leads to %p", async (addresses, expected) => {
  const lookup = makeAddressLookup({ anywhere: false, resolve: async () => addresses });
  expect(await lookup("push.example")).toEqual(expected);
});

test("the operator may allow private addresses", async () => {
  const lookup = makeAddressLookup({ anywhere: true, resolve: async () => ["10.0.0.1"] });
  expect(await lookup("127.0.0.1")).toEqual(["127.0.0.1"]);
  expect(await lookup("media.internal")).toEqual(["10.0.0.1"]);
});
