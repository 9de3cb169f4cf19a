/** Draws pictures with short-lived ffmpegs, few at once in the whole process: viewers come first. */
import { closeSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { CHILD_ENVIRONMENT } from "../child/environment.ts";
import { keyframeArgv, SHEET_TILES, sheetArgv, TILE_BYTES } from "./picture-argv.ts";

export interface Drawn {
  /** WebP, 640 and 320 pixels wide, or as wide as the video when that is less. */
  readonly large: Uint8Array;
  readonly small: Uint8Array;
  /** 160x90 in 4:2:0, for a sheet. */
  readonly tile: Uint8Array;
}

export class PictureError extends Error {
  override readonly name = "PictureError";
  constructor(
    /** `failed`: this can't be decoded here. `busy`, `late`: the machine has other things to do. */
    readonly code: "picture.failed" | "picture.busy" | "picture.late",
    message: string,
  ) {
    super(message);
  }
}

export interface Drawer {
  /** `media`: an initialization segment and a chunk that begins with a keyframe. Throws PictureError. */
  keyframe(media: readonly Uint8Array[]): Promise<Drawn>;
  /** At most 25 tiles, drawn as a WebP of 5 by 5. Throws PictureError. */
  sheet(tiles: readonly Uint8Array[]): Promise<Uint8Array>;
  readonly stats: {
    readonly drawn: number;
    readonly failed: number;
    /** Not even begun. */
    readonly dropped: number;
    /** Of the ffmpegs that are over. */
    readonly cpuSeconds: number;
  };
  /** Ends what is being drawn. */
  stop(): Promise<void>;
}

export interface DrawerOptions {
  /** Of ffmpeg. */
  readonly path: string;
  readonly atOnce?: number;
  readonly maxWaiting?: number;
  readonly timeoutMs?: number;
  /** Of how many processors thumbnails may take a tenth all the time; what was not used is kept for a minute. Default: all. */
  readonly processors?: number;
}

const AT_ONCE = 2;
const MAX_WAITING = 64;
const TIMEOUT_MS = 15_000;
const MAX_ERROR = 300;
/** Of each processor: on two, about ten broadcasts have a picture every ten seconds, more of them one less often. */
const SHARE = 0.1;
const SAVED_SECONDS = 60;

export function makeDrawer({
  path,
  atOnce = AT_ONCE,
  maxWaiting = MAX_WAITING,
  timeoutMs = TIMEOUT_MS,
  processors = navigator.hardwareConcurrency,
}: DrawerOptions): Drawer {
  const share = SHARE * processors;
  const children = new Set<Bun.Subprocess>();
  const waiting: (() => void)[] = [];
  let running = 0;
  let stopped = false;
  /** Processor seconds that may be spent. */
  let credit = share * SAVED_SECONDS;
  let creditedAt = performance.now();
  let [drawn, failed, dropped, cpuSeconds] = [0, 0, 0, 0];

  function mayDraw(): boolean {
    const now = performance.now();
    credit = Math.min(share * SAVED_SECONDS, credit + ((now - creditedAt) / 1_000) * share);
    creditedAt = now;
    return credit > 0;
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (stopped || waiting.length >= maxWaiting) {
      dropped++;
      throw new PictureError("picture.busy", "Too many pictures are being drawn.");
    }
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      if (stopped) throw new PictureError("picture.busy", "Pictures are drawn no more.");
      const result = await work();
      drawn++;
      return result;
    } catch (error) {
      failed++;
      throw error;
    } finally {
      // The place goes to the next one, or is free.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  /** What comes out of stdout and of so many more pipes. */
  async function run(argv: readonly string[], input: readonly Uint8Array[], pipes: number): Promise<Uint8Array[]> {
    const stdio = ["pipe", "pipe", "pipe", ...new Array<"pipe">(pipes).fill("pipe")] as ["pipe", "pipe", "pipe"];
    // A Ctrl-C is for the server alone, which ends its children in order.
    const child = Bun.spawn([path, ...argv], { env: CHILD_ENVIRONMENT, stdio, detached: true });
    children.add(child);
    yieldToOthers(child.pid);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const extra = Array.from({ length: pipes }, (_, index) => child.stdio[3 + index] as unknown as number);
    const outputs = [child.stdout.bytes(), ...extra.map((fd) => new Response(Bun.file(fd).stream()).bytes())];
    try {
      const [error, , ...bytes] = await Promise.all([child.stderr.text(), feed(child.stdin, input), ...outputs]);
      const code = await child.exited;
      if (isLate) throw new PictureError("picture.late", "A picture was not drawn in time.");
      if (code !== 0 || bytes.some(({ length }) => length === 0))
        throw new PictureError("picture.failed", error.trim().slice(0, MAX_ERROR) || `ffmpeg ended with code ${code}`);
      return bytes;
    } catch (error) {
      if (error instanceof PictureError) throw error;
      throw new PictureError("picture.failed", String(error).slice(0, MAX_ERROR));
    } finally {
      clearTimeout(timer);
      child.kill("SIGKILL");
      await child.exited;
      children.delete(child);
      // Nobody else closes these pipes. Not while they are read: the number may be another file's by then.
      await Promise.allSettled(outputs);
      for (const fd of extra) closeSync(fd);
      const spent = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
      cpuSeconds += spent;
      credit -= spent;
    }
  }

  return {
    async keyframe(media) {
      if (!mayDraw()) {
        dropped++;
        throw new PictureError("picture.busy", "Pictures have had their share of the processors.");
      }
      return inTurn(async () => {
        const [large, small, tile] = await run(keyframeArgv(), media, 2);
        if (tile!.length !== TILE_BYTES) throw new PictureError("picture.failed", "The tile has an unexpected size.");
        return { large: large!, small: small!, tile: tile! };
      });
    },
    // Seldom, and what it shows would be lost.
    sheet: (tiles) => inTurn(async () => (await run(sheetArgv(), tiles.slice(0, SHEET_TILES), 0))[0]!),
    get stats() {
      return { drawn, failed, dropped, cpuSeconds };
    },
    async stop() {
      stopped = true;
      for (const next of waiting.splice(0)) {
        running++;
        next();
      }
      for (const child of children) child.kill("SIGKILL");
      await Promise.all([...children].map(({ exited }) => exited));
    },
  };
}

/** Takes what broadcasts and requests leave of the processors. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is over, or this system has no priorities: it has its share all the same.
  }
}

/** One that has seen enough closes its stdin: that is no error. */
async function feed(stdin: Bun.FileSink, input: readonly Uint8Array[]): Promise<void> {
  try {
    for (const bytes of input) await stdin.write(bytes);
    await stdin.end();
  } catch {
    // Its exit code says what there is to say.
  }
}
