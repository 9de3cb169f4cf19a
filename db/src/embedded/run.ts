/** What programs that we start get to see: no secret of ours, messages in English, times in UTC. */
export const PLAIN_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

export interface Finished {
  /** -1 when the program doesn't exist or can't be started. */
  readonly exitCode: number;
  /** stdout and stderr. */
  readonly output: string;
}

/** Runs a short program to its end, for at most `timeoutMs`. Never throws. */
export async function run(command: readonly string[], timeoutMs = 30_000): Promise<Finished> {
  try {
    const child = Bun.spawn([...command], {
      cwd: "/",
      env: PLAIN_ENV,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { exitCode: await child.exited, output: stdout + stderr };
  } catch (error) {
    return { exitCode: -1, output: error instanceof Error ? error.message : String(error) };
  }
}
