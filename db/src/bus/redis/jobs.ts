/**
 * Jobs on BullMQ: a queue per name. Adding fails at once while Redis is away; workers and repetitions wait for it. BullMQ gets connections of its
 * own: its workers block in theirs.
 */
import { Queue, Worker } from "bullmq";
import { Redis, type RedisOptions } from "ioredis";
import type { Log } from "../../log.ts";
import { BusError, type BusJobs, JOB_ATTEMPTS, type JobHandler, retryDelay } from "../bus.ts";
import { within } from "../within.ts";
import {
  type Connection,
  DISCONNECT_TIMEOUT,
  endClient,
  makeOutageLog,
  reasonOf,
  reconnectDelay,
} from "./connection.ts";

/** For people who look why a job failed for good. */
const KEPT_FAILURES = 100;

const JOB_OPTIONS = {
  attempts: JOB_ATTEMPTS,
  backoff: { type: "custom" },
  removeOnComplete: true,
  removeOnFail: KEPT_FAILURES,
} as const;

export interface RedisJobs extends BusJobs {
  close(): Promise<void>;
}

export interface RedisJobsOptions {
  readonly producer: Connection;
  readonly address: RedisOptions;
  readonly shown: string;
  readonly prefix: string;
  readonly log: Log;
  readonly firstRetry: number;
}

interface Working {
  handler: JobHandler;
  readonly worker: Worker;
  readonly client: Redis;
}

export function makeJobs(options: RedisJobsOptions): RedisJobs {
  const { producer, address, shown, log, firstRetry } = options;
  const prefix = `${options.prefix}jobs`;
  const queues = new Map<string, Queue>();
  const workers = new Map<string, Working>();
  /** Repetitions, told again to a Redis that came back without its data. */
  const intervals = new Map<string, number>();
  const outages = makeOutageLog(log, { redis: shown, connection: "jobs" });
  let closed = false;

  function queueOf(name: string): Queue {
    const known = queues.get(name);
    if (known !== undefined) return known;
    // BullMQ builds keys with ":" between their parts.
    const queue = new Queue(name.replaceAll(":", "."), { connection: producer.client, prefix, skipVersionCheck: true });
    queue.on("error", (error) => outages.failed(error));
    queues.set(name, queue);
    return queue;
  }

  const repeat = (name: string, every: number) =>
    queueOf(name).upsertJobScheduler("every", { every }, { name, data: "", opts: JOB_OPTIONS });

  async function repeatAll(): Promise<void> {
    for (const [name, every] of intervals) await repeat(name, every);
  }

  const onReady = () => {
    outages.over();
    repeatAll().catch((error: unknown) => outages.failed(error));
  };
  producer.client.on("ready", onReady);

  return {
    async add(name, data, { id, delay = 0 } = {}) {
      if (closed) throw new BusError("bus.closed", "The bus is closed.");
      if (!producer.isUp()) throw new BusError("bus.unavailable", "Redis is away: the job was not added.");
      const deduplication = id === undefined ? {} : { deduplication: { id, keepLastIfActive: true } };
      try {
        await queueOf(name).add(name, data, { ...JOB_OPTIONS, ...deduplication, ...(delay > 0 ? { delay } : {}) });
      } catch (error) {
        throw new BusError("bus.unavailable", `The job may not have been added: ${reasonOf(error)}.`);
      }
    },
    async every(name, interval) {
      if (closed) return;
      intervals.set(name, interval);
      if (producer.isUp()) await repeat(name, interval).catch((error: unknown) => outages.failed(error));
    },
    async work(name, handler) {
      if (closed) return;
      const known = workers.get(name);
      if (known !== undefined) {
        known.handler = handler;
        return;
      }
      const client = new Redis({
        ...address,
        connectionName: "streamhub-worker",
        // What BullMQ asks of the connection in which a worker blocks.
        maxRetriesPerRequest: null,
        retryStrategy: reconnectDelay,
        disconnectTimeout: DISCONNECT_TIMEOUT,
        disableClientInfo: true,
        replyMapping: "legacy",
      });
      client.on("error", (error: unknown) => outages.failed(error));
      const worker = new Worker<string>(name.replaceAll(":", "."), (job) => workers.get(name)!.handler(job.data), {
        connection: client,
        prefix,
        autorun: false,
        skipVersionCheck: true,
        runRetryDelay: 1_000,
        settings: { backoffStrategy: (attempt) => retryDelay(attempt, firstRetry) },
      });
      worker.on("error", (error) => outages.failed(error));
      worker.on("failed", (_job, error) =>
        log.warn({ code: "bus.job-failed", job: name, error: String(error) }, "A job failed"),
      );
      workers.set(name, { handler, worker, client });
      worker.run().catch((error: unknown) => outages.failed(error));
    },
    async close() {
      closed = true;
      producer.client.off("ready", onReady);
      await Promise.all([...workers.values()].map(endWorker));
      await within(500, Promise.all([...queues.values()].map((queue) => queue.close())));
    },
  };
}

/** Lets the job in hand come to its end, for three seconds; another process does it again otherwise. */
async function endWorker({ worker, client }: Working): Promise<void> {
  const up = client.status === "ready";
  const done = up && (await within(3_000, worker.close()));
  if (!done) await within(500, worker.close(true));
  await endClient(client);
}
