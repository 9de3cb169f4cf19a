/**
 * The parent of `streamhub ingest --workers N`. It touches no media: it starts the workers, tells each where the others' broadcasts are, starts a
 * crashed one again, and ends them all. A worker whose supervisor is gone ends itself (`worker.ts`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import type { Log } from "@streamhub/ingest/live/ports";
import type { Subprocess } from "bun";
import { workerEnvironment } from "../environment.ts";
import { Failure } from "../failure.ts";
import { portFailure } from "../http.ts";
import { LOOPBACK } from "../ingest-server.ts";
import type { Shutdown } from "../shutdown.ts";
import type { IngestFlags, Ready, SharedPorts, Sockets, ToSupervisor, ToWorker } from "./messages.ts";
import { type Change, Places } from "./places.ts";
import { restartDelay, STEADY_AFTER } from "./restart-delay.ts";

export interface WorkersOptions {
  readonly flags: IngestFlags;
  readonly env: Env;
  readonly count: number;
  readonly log: Log;
  readonly shutdown: Shutdown;
}

export interface Workers {
  readonly ports: SharedPorts;
  /** By number. */
  readonly ownPorts: readonly number[];
}

interface Slot {
  child: Subprocess | null;
  /** The child knows where everything is, and hears of changes from now on. */
  isTold: boolean;
  /** Of a child that listens. */
  sockets: Sockets | null;
  /** One has listened before: what happens to the next ones does not end the start. */
  hasListened: boolean;
  ownPort: number;
  since: number;
  /** How often it was started again. */
  restarts: number;
  /** Times in a row that it did not run for long. */
  crashes: number;
  timer: Timer | null;
}

const FORGET_EVERY = 10_000;
/** Beyond DRAIN_SECONDS, for the orderly stop of a worker. Milliseconds. */
const STOP_MS = 45_000;
const ENTRY = join(import.meta.dir, "worker.ts");

/** Resolves when all of them listen. Throws Failure when one can't. */
export async function startWorkers({ flags, env, count, log, shutdown }: WorkersOptions): Promise<Workers> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-workers-"));
  shutdown.defer("workers' folder", () => rmSync(folder, { recursive: true, force: true }));
  const places = new Places();
  const slots: Slot[] = Array.from({ length: count }, (_, worker) => ({
    child: null,
    isTold: false,
    sockets: null,
    hasListened: false,
    ownPort: env.mediaPort === 0 ? 0 : env.mediaPort + 1 + worker,
    since: 0,
    restarts: 0,
    crashes: 0,
    timer: null,
  }));
  let ports: SharedPorts = { rtmp: env.rtmpPort, rtmps: env.rtmps?.port ?? null, media: env.mediaPort };
  let generation = 0;
  let stopping = false;

  const send = (slot: Slot, message: ToWorker): void => {
    if (slot.isTold) slot.child?.send(message);
  };
  const sendAll = (message: ToWorker): void => {
    for (const slot of slots) send(slot, message);
  };
  const sendChanges = (changes: readonly Change[]): void => {
    for (const [slug, place] of changes) sendAll({ type: "place", slug, place });
  };
  const allSockets = () => slots.map(({ sockets }) => sockets);

  function heard(worker: number, message: ToSupervisor): void {
    const slot = slots[worker]!;
    if (message.type === "live") {
      const holder = places.holder(message.slug);
      // With a database that is not possible: there the newcomer was let in because the other one has lost it.
      if (flags.open && holder !== null && holder !== worker) send(slot, { type: "cut", slug: message.slug });
      else sendChanges([places.start(message.slug, worker)]);
    } else if (message.type === "over") {
      const change = places.end(message.slug, worker, Date.now());
      if (change !== null) sendChanges([change]);
    }
  }

  /** Resolves when it listens; rejects when it ends before. */
  function spawn(worker: number): Promise<Ready> {
    const slot = slots[worker]!;
    const ready = Promise.withResolvers<Ready>();
    let failure = new Failure("A worker of ingest ended before it listened; its log says why.", "worker.failed");
    slot.since = performance.now();
    generation++;
    // Another file for each: nobody reaches a worker by what its predecessor has left.
    const sockets = { rtmp: join(folder, `${generation}.rtmp`), http: join(folder, `${generation}.http`) };
    const child = Bun.spawn([process.execPath, ENTRY], {
      env: workerEnvironment(),
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "json",
      ipc(message: ToSupervisor) {
        if (slot.child !== child) return;
        if (message.type === "hello") {
          const { restarts, ownPort } = slot;
          const order = { worker, count, flags, ports, ownPort, restarts };
          const known = allSockets().with(worker, sockets);
          child.send({ type: "start", ...order, sockets: known, places: places.entries() } satisfies ToWorker);
          slot.isTold = true;
        } else if (message.type === "ready") {
          slot.sockets = sockets;
          slot.ownPort = message.ownPort;
          slot.hasListened = true;
          sendAll({ type: "sockets", sockets: allSockets() });
          ready.resolve(message);
        } else if (message.type === "failed") failure = new Failure(message.message, message.code);
        else heard(worker, message);
      },
      onExit(_, code, signal) {
        slot.child = null;
        slot.isTold = false;
        slot.sockets = null;
        if (!stopping) {
          sendAll({ type: "sockets", sockets: allSockets() });
          sendChanges(places.drop(worker));
        }
        ready.reject(failure);
        onExit(worker, code, signal);
      },
    });
    slot.child = child;
    return ready.promise;
  }

  function onExit(worker: number, code: number | null, signal: number | string | null): void {
    const slot = slots[worker]!;
    if (stopping || !slot.hasListened) return;
    slot.crashes = performance.now() - slot.since > STEADY_AFTER ? 1 : slot.crashes + 1;
    slot.restarts++;
    const delay = restartDelay(slot.crashes);
    const facts = { code: "worker.crashed", worker, exitCode: code, signal, restarts: slot.restarts, delay };
    log.error(facts, "A worker has crashed; its broadcasts are over, and it is started again");
    slot.timer = setTimeout(() => {
      slot.timer = null;
      if (!stopping) spawn(worker).catch(() => {});
    }, delay);
  }

  const stopMs = env.ingestNode.drainSeconds * 1_000 + STOP_MS;
  async function stop(): Promise<void> {
    stopping = true;
    const ending = slots.map(async ({ child, timer }) => {
      if (timer !== null) clearTimeout(timer);
      if (child === null) return;
      child.kill("SIGTERM");
      const last = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await child.exited;
      clearTimeout(last);
    });
    await Promise.all(ending);
  }

  const host = flags.open ? LOOPBACK : env.host;
  requireFree(host, ports);
  shutdown.defer("workers", stop, stopMs);
  const forgetting = setInterval(() => sendChanges(places.forget(Date.now())), FORGET_EVERY);
  shutdown.defer("places", () => clearInterval(forgetting));
  // The first one alone: it migrates, and picks ports that nobody has chosen.
  const first = await spawn(0);
  ports = first.ports;
  const others = await Promise.all(Array.from({ length: count - 1 }, (_, index) => spawn(index + 1)));
  return { ports, ownPorts: [first, ...others].map(({ ownPort }) => ownPort) };
}

/** Workers share ports with each other; that somebody else has one they would not notice. Throws Failure. */
function requireFree(host: string, { rtmp, rtmps, media }: SharedPorts): void {
  const wanted = [
    [rtmp, "RTMP_PORT"],
    [rtmps ?? 0, "RTMPS_PORT"],
    [media, "MEDIA_PORT"],
  ] as const;
  for (const [port, variable] of wanted) {
    if (port === 0) continue;
    try {
      Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    } catch (error) {
      throw portFailure(error, port, variable);
    }
  }
}
