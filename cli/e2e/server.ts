/** A real StreamHub for tests: its own process, folder and free ports; and the encoders that publish to it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");

export interface TestServer {
  readonly pid: number;
  readonly dataDir: string;
  readonly site: string;
  readonly rtmp: string;
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly slug: string;
  readonly streamKey: string;
  /** What it wrote to stderr so far. */
  log(): string;
  /** Without waiting for anything, as a power cut does. */
  killHard(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number>;
}

export interface StartOptions {
  readonly dataDir?: string;
  readonly demo?: boolean;
  readonly ports?: { readonly http: number; readonly rtmp: number };
  readonly env?: Readonly<Record<string, string>>;
  /** A module that is loaded before the server. */
  readonly preload?: string;
}

/** Open to the database server's user, so that the cluster lies in it and goes with it. */
export function makeDataDir(): string {
  const path = mkdtempSync(join(tmpdir(), "streamhub-e2e-"));
  chmodSync(path, 0o755);
  return path;
}
export const removeDataDir = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Runs a command of the command line to its end. */
export async function streamhub(
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
) {
  const child = Bun.spawn([process.execPath, join(ROOT, "streamhub.ts"), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const reader = stream.getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text.split("\n", 1)[0]!;
}

/** Starts `streamhub serve --json` and waits for its line. A first start gives the key; a later one asks the command line for it. */
export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? makeDataDir();
  const env = {
    ...process.env,
    DATA_DIR: dataDir,
    HOST: "127.0.0.1",
    HTTP_PORT: String(options.ports?.http ?? 0),
    RTMP_PORT: String(options.ports?.rtmp ?? 0),
    LOG_LEVEL: "info",
    ...options.env,
  };
  const child = Bun.spawn(
    [
      process.execPath,
      ...(options.preload === undefined ? [] : ["--preload", options.preload]),
      join(ROOT, "streamhub.ts"),
      "serve",
      "--json",
      ...(options.demo ? ["--demo"] : []),
    ],
    {
      cwd: ROOT,
      env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  let log = "";
  const drained = (async () => {
    const decoder = new TextDecoder();
    for await (const part of child.stderr) log += decoder.decode(part, { stream: true });
  })();
  const line = await firstLine(child.stdout);
  if (line === "") {
    await child.exited;
    await drained;
    throw new Error(`serve did not start: ${log}`);
  }
  const said = JSON.parse(line);
  if (said.error) throw new Error(`serve did not start: ${said.error.message}`);
  const slug = "main";
  const streamKey =
    said.first?.streamKey ?? (await streamhub(["channel", "key", slug], { env: { DATA_DIR: dataDir } })).stdout.trim();
  return {
    pid: child.pid,
    dataDir,
    site: said.site,
    rtmp: said.rtmp,
    httpPort: Number(new URL(said.site).port),
    rtmpPort: Number(/:(\d+)\/live$/.exec(said.rtmp)?.[1]),
    slug,
    streamKey,
    log: () => log,
    async killHard() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      return await child.exited;
    },
  };
}

export interface Publisher {
  readonly pid: number;
  kill(signal: "SIGKILL" | "SIGTERM"): void;
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

/** A real encoder in real time: H.264 with a 1 s GOP, and AAC. */
export function publish(
  rtmpUrl: string,
  options: { readonly seconds?: number; readonly args?: readonly string[] } = {},
): Publisher {
  const child = Bun.spawn(
    [
      ...["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-re"],
      ...[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=640x360:rate=30",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000",
      ],
      ...[
        "-t",
        String(options.seconds ?? 120),
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-g",
        "30",
      ],
      ...[
        "-pix_fmt",
        "yuv420p",
        "-b:v",
        "600k",
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        ...(options.args ?? []),
        "-f",
        "flv",
        rtmpUrl,
      ],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** Asks until `look` gives something, at most `seconds`; what it last threw or gave is in the failure. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(100);
  }
  throw new Error(`${what} did not happen in ${seconds} s${last === undefined ? "" : `: ${String(last)}`}`);
}

/** `ffprobe`'s streams of a URL: codec types and names. */
export async function probe(url: string): Promise<{ type: string; codec: string }[]> {
  const child = Bun.spawn(
    ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,codec_name", "-of", "json", url],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 30_000,
    },
  );
  const [text, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`ffprobe: ${said}`);
  return (JSON.parse(text).streams ?? []).map((stream: { codec_type: string; codec_name: string }) => ({
    type: stream.codec_type,
    codec: stream.codec_name,
  }));
}
