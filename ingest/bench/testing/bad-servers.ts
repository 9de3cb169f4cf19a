/** Servers that misbehave on purpose, and how a bench is run against them: as its users run it, a process of its own. */
import { join } from "node:path";

const LOOPBACK = "127.0.0.1";

export interface BadServer extends Disposable {
  readonly port: number;
}

/** Accepts, reads, and never says a word. */
export const silentServer = (): BadServer => listen({ data() {} });

/** Answers anything with what is no RTMP. */
export const garbageServer = (): BadServer =>
  listen({
    data(socket) {
      socket.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(200)));
    },
  });

/** Closes at the first byte. */
export const closingServer = (): BadServer => listen({ data: (socket) => void socket.end() });

function listen(handlers: { data(socket: Bun.Socket<undefined>): void }): BadServer {
  const server = Bun.listen({ hostname: LOOPBACK, port: 0, socket: { data: (socket) => handlers.data(socket) } });
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) };
}

export interface BenchRun {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

const MAIN = join(import.meta.dir, "..", "main.ts");
/** A small picture: made once for all tests. */
export const SMALL = ["--size", "160x90", "--bitrate", "100k", "--fps", "15", "--gop", "1s"];

export interface StartedBench {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly done: Promise<BenchRun>;
  /** Resolves when a line of its progress has this in it. */
  until(text: string): Promise<void>;
}

export function startBench(...args: readonly string[]): StartedBench {
  const child = Bun.spawn([process.execPath, MAIN, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  let errors = "";
  const waiting = new Map<string, () => void>();
  const follow = async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      errors += decoder.decode(bytes, { stream: true });
      for (const [text, resolve] of waiting) if (errors.includes(text)) resolve();
    }
    for (const resolve of waiting.values()) resolve();
  };
  const followed = follow();
  const done = (async () => {
    const [out] = await Promise.all([child.stdout.text(), followed]);
    return { code: await child.exited, out, errors };
  })();
  return {
    child,
    done,
    until(text) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(text, resolve);
      if (errors.includes(text)) resolve();
      return promise;
    },
  };
}

export const runBench = (...args: readonly string[]): Promise<BenchRun> => startBench(...args).done;
