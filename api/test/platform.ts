/** The whole API on a real embedded PostgreSQL in a folder of its own, for tests here and of the site. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Bus,
  type DatabaseHandle,
  type KeyVault,
  makeKeyVault,
  migrate,
  openDatabase,
  queries,
} from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { Registry } from "prom-client";
import { type App, createApp } from "../src/app.ts";
import type { FailureSink } from "../src/error.ts";

type Failure = Parameters<FailureSink>[0];
type Visibility = "public" | "unlisted" | "private";

export interface TestPlatform {
  readonly app: App;
  readonly database: DatabaseHandle;
  readonly bus: Bus;
  readonly vault: KeyVault;
  /** What the API told its log so far; a test that ends with none has provoked no mistake of the server. */
  readonly failures: readonly Failure[];
  makeChannel(
    slug: string,
    more?: { title?: string; description?: string; visibility?: Visibility },
  ): Promise<TestChannel>;
  close(): Promise<void>;
}

export interface TestChannel {
  readonly id: number;
  readonly streamKey: string;
  /** As when an encoder connects. */
  goLive(): Promise<number>;
  /** As when it leaves and its grace time is over. */
  end(): Promise<void>;
}

export const TEST_SECRET = "a secret for tests, 32 characters and more";
const silent = { info: () => {}, warn: () => {}, error: () => {} };

export async function startPlatform(): Promise<TestPlatform> {
  const dataDir = mkdtempSync(join(tmpdir(), "streamhub-api-"));
  // Open to the database server's user, so that the cluster lies in it and goes with it.
  chmodSync(dataDir, 0o755);
  const database = await openDatabase({ dataDir, log: silent });
  await migrate(database);
  const { db } = database;
  const failures: Failure[] = [];
  const bus = makeInProcessBus();
  const vault = makeKeyVault(TEST_SECRET);
  const app = createApp({
    db,
    bus,
    secret: TEST_SECRET,
    vault,
    uploadsDir: join(dataDir, "uploads"),
    publicUrl: null,
    corsOrigins: [],
    // Tests say where a request comes from, as a proxy does.
    addressOf: (request) => request.headers.get("x-test-address") ?? "192.0.2.1",
    metrics: new Registry(),
    probes: { database: () => database.sql`select 1` },
    site: { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" } },
    onFailure: (failure) => failures.push(failure),
  });
  return {
    app,
    database,
    bus,
    vault,
    failures,
    async makeChannel(slug, more = {}) {
      const { id, streamKey } = await queries.createChannel(db, vault, { slug, title: `Title of ${slug}`, ...more });
      let streamId = 0;
      return {
        id,
        streamKey,
        async goLive() {
          const result = await queries.goLive(db, vault, { streamKey, nodeId: "test", staleAfterMs: 3_600_000 });
          if (result.kind !== "live") throw new Error(`${slug} can't go live: ${result.kind}`);
          streamId = result.streamId;
          return streamId;
        },
        async end() {
          await queries.endStream(db, streamId, Date.now());
        },
      };
    },
    async close() {
      await bus.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
