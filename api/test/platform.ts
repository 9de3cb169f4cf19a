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
import { type App, createApp, makeViews } from "../src/app.ts";
import { hashPassword } from "../src/auth/passwords.ts";
import { accessTokens, hashToken, makeRefreshToken, REFRESH_SECONDS } from "../src/auth/tokens.ts";
import type { FailureSink } from "../src/error.ts";
import { NO_LIMITS } from "../src/limits/model.ts";
import type { Services } from "../src/services.ts";
import type { Views } from "../src/views/views.ts";

type Failure = Parameters<FailureSink>[0];
type Visibility = "public" | "unlisted" | "private";
type Role = "user" | "moderator" | "admin";

export interface TestPlatform {
  readonly app: App;
  readonly database: DatabaseHandle;
  readonly bus: Bus;
  readonly vault: KeyVault;
  /** Nobody writes them down before `flush()`. */
  readonly views: Views;
  readonly uploadsDir: string;
  /** What the API told its log so far; a test that ends with none has provoked no mistake of the server. */
  readonly failures: readonly Failure[];
  /** `owner`: without one the placeholder owns it. */
  makeChannel(
    slug: string,
    more?: { title?: string; description?: string; visibility?: Visibility; owner?: TestUser },
  ): Promise<TestChannel>;
  /** An account that is signed in. */
  makeUser(more?: { username?: string; role?: Role }): Promise<TestUser>;
  /** A request of nobody in particular; `body` that is no text, form or bytes is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
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

export interface TestUser {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  readonly sessionId: number;
  readonly refreshToken: string;
  /** `authorization` of a bearer. */
  readonly headers: Readonly<Record<string, string>>;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Every test user's. */
export const TEST_PASSWORD = "correct horse battery staple";
export const TEST_SECRET = "a secret for tests, 32 characters and more";
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** `services`: what a test has otherwise. */
export async function startPlatform(services: Partial<Services> = {}): Promise<TestPlatform> {
  const dataDir = mkdtempSync(join(tmpdir(), "streamhub-api-"));
  // Open to the database server's user, so that the cluster lies in it and goes with it.
  chmodSync(dataDir, 0o755);
  const database = await openDatabase({ dataDir, log: silent });
  await migrate(database);
  const { db } = database;
  const failures: Failure[] = [];
  const bus = makeInProcessBus();
  const vault = makeKeyVault(TEST_SECRET);
  const uploadsDir = join(dataDir, "uploads");
  const views = services.views ?? makeViews({ db, bus, secret: TEST_SECRET, now: services.now });
  const app = createApp({
    db,
    bus,
    secret: TEST_SECRET,
    vault,
    uploadsDir,
    publicUrl: null,
    corsOrigins: [],
    // Tests say where a request comes from, as a proxy does.
    addressOf: (request) => request.headers.get("x-test-address") ?? "192.0.2.1",
    metrics: new Registry(),
    probes: { database: () => database.sql`select 1` },
    limits: NO_LIMITS,
    site: { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" }, sendsMail: false },
    onFailure: (failure) => failures.push(failure),
    ...services,
    views,
  });
  const { sign } = accessTokens(TEST_SECRET).decorator.accessTokens;
  let hashed: Promise<string> | undefined;
  let users = 0;
  const request: TestPlatform["request"] = (method, path, body, headers = {}) => {
    const raw =
      typeof body === "string" ||
      body instanceof Uint8Array ||
      body instanceof Blob ||
      body instanceof FormData ||
      body instanceof URLSearchParams ||
      body instanceof ReadableStream;
    const init: RequestInit = { method, headers: { ...headers } };
    if (raw) init.body = body as NonNullable<RequestInit["body"]>;
    else if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { "content-type": "application/json", ...headers };
    }
    return app.handle(new Request(`http://localhost${path}`, init));
  };
  return {
    app,
    database,
    bus,
    vault,
    views,
    uploadsDir,
    failures,
    request,
    async makeUser({ username = `tester-${++users}`, role = "user" } = {}) {
      hashed ??= hashPassword(TEST_PASSWORD);
      const email = `${username}@example.org`;
      const { id } = await queries.createUser(db, { username, email, hashedPassword: await hashed, role });
      const refreshToken = makeRefreshToken();
      const sessionId = await queries.createSession(db, {
        userId: id,
        userAgent: "test",
        address: "192.0.2.1",
        tokenHash: hashToken(refreshToken),
        lifetimeSeconds: REFRESH_SECONDS,
      });
      const bearer = { authorization: `Bearer ${await sign({ sub: String(id), sid: sessionId })}` };
      return {
        id,
        username,
        email,
        role,
        sessionId,
        refreshToken,
        headers: bearer,
        request: (method, path, body, headers = {}) => request(method, path, body, { ...bearer, ...headers }),
      };
    },
    async makeChannel(slug, { owner, ...more } = {}) {
      const values = { slug, title: `Title of ${slug}`, username: owner?.username, ...more };
      const { id, streamKey } = await queries.createChannel(db, vault, values);
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
