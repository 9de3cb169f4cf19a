/** Jobs of one process: a queue per name, one job at a time, tried again with growing waits. */
import { BusError, type BusJobs, JOB_ATTEMPTS, type JobHandler, retryDelay } from "../bus.ts";

const MAX_WAITING = 10_000;

interface Job {
  readonly id: string | undefined;
  readonly data: string;
  /** Failed attempts so far. */
  failed: number;
}

interface Queue {
  readonly ready: Job[];
  /** Delayed ones, and those that are to be tried again. */
  readonly later: Map<Job, Timer>;
  running: Job | null;
  handler: JobHandler | null;
  repeat: Timer | null;
}

export interface InProcessJobs extends BusJobs {
  /** Resolves when the jobs that run are done. */
  close(): Promise<void>;
}

/** `firstRetry`: how long a job waits after its first failure. `onMistake` is told of every failed attempt. */
export function makeJobs(firstRetry: number, onFailure: (name: string, error: unknown) => void): InProcessJobs {
  const queues = new Map<string, Queue>();
  const running = new Set<Promise<void>>();
  let closed = false;

  function queueOf(name: string): Queue {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const made: Queue = { ready: [], later: new Map(), running: null, handler: null, repeat: null };
    queues.set(name, made);
    return made;
  }

  const isFull = (queue: Queue) => queue.ready.length + queue.later.size >= MAX_WAITING;

  function waits(queue: Queue, id: string): boolean {
    if (queue.ready.some((job) => job.id === id)) return true;
    for (const job of queue.later.keys()) if (job.id === id) return true;
    return false;
  }

  function delay(name: string, queue: Queue, job: Job, wait: number): void {
    const timer = setTimeout(() => {
      queue.later.delete(job);
      queue.ready.push(job);
      run(name, queue);
    }, wait);
    timer.unref();
    queue.later.set(job, timer);
  }

  function run(name: string, queue: Queue): void {
    const { handler } = queue;
    if (handler === null || queue.running !== null || closed) return;
    const job = queue.ready.shift();
    if (job === undefined) return;
    queue.running = job;
    const attempt: Promise<void> = Promise.resolve().then(async () => {
      try {
        await handler(job.data);
      } catch (error) {
        job.failed++;
        onFailure(name, error);
        // One with the same id came while this one ran: it does the work.
        const replaced = job.id !== undefined && waits(queue, job.id);
        if (job.failed < JOB_ATTEMPTS && !replaced && !closed)
          delay(name, queue, job, retryDelay(job.failed, firstRetry));
      }
      queue.running = null;
      running.delete(attempt);
      run(name, queue);
    });
    running.add(attempt);
  }

  function enqueue(name: string, job: Job, wait: number): void {
    const queue = queueOf(name);
    if (job.id !== undefined && waits(queue, job.id)) return;
    if (isFull(queue)) throw new BusError("bus.full", `${MAX_WAITING} jobs of the name ${name} wait already.`);
    if (wait > 0) {
      delay(name, queue, job, wait);
      return;
    }
    queue.ready.push(job);
    run(name, queue);
  }

  return {
    async add(name, data, options = {}) {
      if (closed) throw new BusError("bus.closed", "The bus is closed.");
      enqueue(name, { id: options.id, data, failed: 0 }, options.delay ?? 0);
    },
    async every(name, interval) {
      if (closed) return;
      const queue = queueOf(name);
      if (queue.repeat !== null) clearInterval(queue.repeat);
      // A run that takes longer than the interval is followed by one run, not by all that it missed.
      queue.repeat = setInterval(() => {
        if (!isFull(queue)) enqueue(name, { id: "every", data: "", failed: 0 }, 0);
      }, interval);
      queue.repeat.unref();
    },
    async work(name, handler) {
      const queue = queueOf(name);
      queue.handler = handler;
      run(name, queue);
    },
    async close() {
      closed = true;
      for (const { later, repeat } of queues.values()) {
        for (const timer of later.values()) clearTimeout(timer);
        if (repeat !== null) clearInterval(repeat);
      }
      await Promise.all(running);
      queues.clear();
    },
  };
}
