/** What every case plays on: a real server with what it depends on behind gates, an encoder, a viewer, and a way to look at what it says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DatabaseHandle, openDatabase } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import { startScratchS3 } from "../../ingest/src/storage/testing/scratch-s3.ts";
import {
  makeDataDir,
  type Publisher,
  publish,
  removeDataDir,
  type StartOptions,
  startServer,
  type TestServer,
  until,
} from "../e2e/server.ts";
import { type Audience, seat } from "./audience.ts";
import { type Gate, openGate } from "./gate.ts";
import { type Witness, watch } from "./witness.ts";

export interface StreamView {
  readonly id: number;
  readonly isLive: boolean;
  readonly viewCount: number;
  readonly recording: { readonly state: string; readonly reason: string | null } | null;
}

export interface Stage {
  /** How long what fails stays away. Seconds. */
  readonly outage: number;
  dataDir(): string;
  server(options?: StartOptions): Promise<TestServer>;
  encoder(server: TestServer, rtmp?: string): Publisher;
  witness(server: TestServer): Witness;
  audience(server: TestServer, streamId: number): Promise<Audience>;
  gateTo(port: number): Gate;
  /** Real, and from the server's view an outside one: `url` has the password in it. */
  database(): Promise<{ readonly sql: DatabaseHandle["sql"]; readonly url: string }>;
  redis(): ReturnType<typeof startScratchRedis>;
  s3(): ReturnType<typeof startScratchS3>;
  cleanUp(work: () => unknown): void;
}

/** `play` with a stage of its own, which is cleared whatever happens. */
export async function onStage<T>(outage: number, play: (stage: Stage) => Promise<T>): Promise<T> {
  const works: (() => unknown)[] = [];
  const cleanUp = (work: () => unknown) => {
    works.push(work);
  };
  const closing = async <R extends { close(): unknown }>(opening: Promise<R>): Promise<R> => {
    const opened = await opening;
    cleanUp(() => opened.close());
    return opened;
  };
  const stage: Stage = {
    outage,
    cleanUp,
    dataDir() {
      const path = makeDataDir();
      cleanUp(() => removeDataDir(path));
      return path;
    },
    async server(options = {}) {
      const server = await startServer({ ...options, dataDir: options.dataDir ?? stage.dataDir() });
      cleanUp(() => server.stop());
      return server;
    },
    encoder(server, rtmp = server.rtmp) {
      const publisher = publish(`${rtmp}/${server.streamKey}`, { seconds: 600 });
      cleanUp(() => publisher.stop());
      return publisher;
    },
    witness(server) {
      const witness = watch(server.site, server.slug);
      cleanUp(() => witness.stop());
      return witness;
    },
    async audience(server, streamId) {
      const audience = await seat(server.site, streamId, 5);
      cleanUp(() => audience.stop());
      return audience;
    },
    gateTo(port) {
      const gate = openGate({ port });
      cleanUp(() => gate.close());
      return gate;
    },
    async database() {
      const dataDir = stage.dataDir();
      const { sql, url } = await closing(openDatabase({ dataDir, log: silentLog, graceSeconds: 1 }));
      const withPassword = new URL(url);
      withPassword.password = readFileSync(join(dataDir, "database", "password"), "utf8").trim();
      return { sql, url: withPassword.href };
    },
    redis: () => closing(startScratchRedis()),
    s3: () => closing(startScratchS3()),
  };
  try {
    return await play(stage);
  } finally {
    for (let work = works.pop(); work !== undefined; work = works.pop()) await work();
  }
}

export async function ask<T>(server: TestServer, path: string): Promise<T> {
  const answer = await fetch(`${server.site}${path}`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** The stream that is live, once the viewer has seen something of it. */
export async function goLive(server: TestServer, witness: Witness): Promise<StreamView> {
  const stream = await until("the broadcast is live", async () => {
    const { items } = await ask<{ items: StreamView[] }>(server, "/api/streams?live=true");
    return items[0];
  });
  await until("segments are listed", async () => witness.seen().segments >= 2);
  witness.forget();
  return stream;
}

export const streamOf = (server: TestServer, id: number): Promise<StreamView> => ask(server, `/api/streams/${id}`);

/** What the API answers to a question that it must ask the database: 404 when it could, 503 when it could not. */
export const askDatabase = (server: TestServer): Promise<Response> =>
  fetch(`${server.site}/api/streams/${1_000_000_000 + Math.floor(Math.random() * 1e9)}`, {
    signal: AbortSignal.timeout(15_000),
  });

/** Resolves when the API reads the database, with how long that took. */
export async function databaseIsBack(server: TestServer, seconds: number): Promise<string> {
  const since = sinceNow();
  await until("the API reads the database", async () => (await askDatabase(server)).status === 404, seconds);
  return since();
}

/** Of `streamhub_ingest_connections_closed_total`. */
export async function closedFor(server: TestServer, reason: string): Promise<number> {
  const text = await (await fetch(`${server.site}/metrics`)).text();
  const line = text
    .split("\n")
    .find((each) => each.startsWith("streamhub_ingest_connections_closed_total{") && each.includes(`"${reason}"`));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** Throws the sentence when it does not hold. */
export function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}

/** A broadcast whose viewer noticed at most `pause` seconds of it. */
export function expectSmooth(witness: Witness, pause: number): string {
  const seen = witness.seen();
  expect(seen.holes === 0, `the viewer missed segments: ${seen.holes} holes`);
  expect(seen.failures === 0, `the viewer was refused ${seen.failures} times`);
  expect(seen.pause <= pause, `the viewer waited ${seen.pause.toFixed(1)} s, more than ${pause} s`);
  return `live without a hole, longest pause ${seen.pause.toFixed(1)} s`;
}

export const sinceNow = (): (() => string) => {
  const from = performance.now();
  return () => `${((performance.now() - from) / 1_000).toFixed(1)} s`;
};
