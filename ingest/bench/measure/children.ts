/** Child processes that never outlive the bench: ended on exit, on Ctrl-C, and (where setpriv is there) when the bench is killed. */
import type { Subprocess } from "bun";

export type Child = Subprocess<"pipe", "pipe", "inherit" | "ignore">;

const living = new Set<Child>();
let watching = false;
let onSignal: ((signal: "SIGINT" | "SIGTERM" | "SIGHUP", leave: () => void) => void) | null = null;

/** Instead of ending at once on Ctrl-C and the like: `leave` ends the children and this process. */
export function handleSignals(handler: typeof onSignal): void {
  onSignal = handler;
  watchExit();
}

function watchExit(): void {
  if (watching) return;
  watching = true;
  const killAll = () => {
    for (const child of living) child.kill("SIGKILL");
  };
  process.on("exit", killAll);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      const leave = () => {
        killAll();
        process.exit(code);
      };
      if (onSignal === null) leave();
      else onSignal(signal, leave);
    });
  }
}

export interface SpawnOptions {
  readonly stderr?: "inherit" | "ignore";
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function spawnChild(command: readonly string[], options: SpawnOptions = {}): Child {
  watchExit();
  // Our own processes end when their stdin does; others are told by the kernel when their parent is gone.
  const setpriv = Bun.which("setpriv");
  const argv = setpriv === null ? [...command] : [setpriv, "--pdeathsig", "KILL", ...command];
  const child = Bun.spawn(argv, {
    stdin: "pipe",
    stdout: "pipe",
    stderr: options.stderr ?? "inherit",
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  living.add(child);
  void child.exited.then(() => living.delete(child));
  return child;
}

/** TERM, then KILL after `graceMs`. */
export async function stopChild(child: Child, graceMs = 3_000): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await child.exited;
  clearTimeout(timer);
}

/** The child's stdout line by line, to the end. */
export async function* lines(child: Child): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of child.stdout) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** For our own children: `ended` runs when the parent closes our stdin, on purpose or by dying. */
export async function onParentGone(ended: () => void): Promise<void> {
  const reader = Bun.stdin.stream().getReader();
  while (!(await reader.read()).done);
  ended();
}
