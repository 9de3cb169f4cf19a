/** Looks at this machine with the eyes of `serve` and says, a line per check, what would go wrong and how to mend it. */
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { type Env, EnvError } from "@streamhub/api/env";
import { type DatabaseHandle, migrate, openBus, openDatabase } from "@streamhub/db";
import { defineCommand } from "citty";
import { encoderCheck, ffmpegChecks } from "./doctor-ffmpeg.ts";
import type { Check } from "./doctor-line.ts";
import { productionChecks, storedChecks } from "./doctor-production.ts";
import { environment } from "./environment.ts";
import { makeLog } from "./log.ts";
import { jsonArg } from "./output.ts";
import { readTls, SITE_FOLDER } from "./serve.ts";

const MIN_FREE_BYTES = 1024 ** 3;
const WANTED_BUN = "1.4.5";

function checkBun(): Check {
  const found = `Bun ${Bun.version}`;
  return Bun.version === WANTED_BUN
    ? { name: "bun", state: "ok", found }
    : {
        name: "bun",
        state: "warn",
        found,
        mend: `StreamHub is tested with Bun ${WANTED_BUN}: start it with npx bun streamhub, or with npm start.`,
      };
}

function checkEnvironment(): { env: Env | null; checks: Check[] } {
  try {
    return { env: environment(), checks: [{ name: "environment", state: "ok", found: "all variables are valid" }] };
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return {
      env: null,
      checks: error.problems.map(({ variable, sentence }) => ({
        name: "environment",
        state: "fail",
        found: `${variable} is wrong`,
        mend: sentence,
      })),
    };
  }
}

/** Whether a port can be listened on, or who has it. */
async function checkPort(name: string, host: string, port: number): Promise<Check> {
  if (port === 0) return { name, state: "ok", found: "a free port is chosen at start" };
  try {
    Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    return { name, state: "ok", found: `port ${port} is free` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EACCES")
      return {
        name,
        state: "fail",
        found: `port ${port} may not be opened by this user`,
        mend: `Set ${name} to a port above 1023.`,
      };
    if (code !== "EADDRINUSE")
      return {
        name,
        state: "fail",
        found: `port ${port} can't be opened on ${host}`,
        mend: "Set HOST to an address of this machine, such as 0.0.0.0.",
      };
    return {
      name,
      state: "warn",
      found: `port ${port} is in use`,
      mend: `If that is not a running StreamHub: stop the program that has it, or set ${name} to another port.`,
    };
  }
}

async function runsHere(env: Env): Promise<boolean> {
  const host = env.host === "0.0.0.0" || env.host === "::" ? "127.0.0.1" : env.host;
  try {
    const response = await fetch(`http://${host}:${env.httpPort}/api/health`, { signal: AbortSignal.timeout(1000) });
    return response.ok;
  } catch {
    return false;
  }
}

async function checkPorts(env: Env): Promise<Check[]> {
  const ports: [string, number][] = [
    ["HTTP_PORT", env.httpPort],
    ["RTMP_PORT", env.rtmpPort],
  ];
  if (env.rtmps !== null) ports.push(["RTMPS_PORT", env.rtmps.port]);
  if (await runsHere(env))
    return ports.map(([name, port]) => ({
      name,
      state: "ok",
      found: `port ${port} belongs to the StreamHub that is running`,
    }));
  return Promise.all(ports.map(([name, port]) => checkPort(name, env.host, port)));
}

function checkTls(env: Env): Check[] {
  if (env.rtmps === null) return [];
  try {
    readTls(env.rtmps);
    return [{ name: "tls", state: "ok", found: "certificate and key can be read" }];
  } catch (error) {
    return [
      {
        name: "tls",
        state: "fail",
        found: "RTMPS is configured but can't start",
        mend: String(error instanceof Error ? error.message : error),
      },
    ];
  }
}

function checkDisk(env: Env): Check {
  const name = "disk";
  try {
    mkdirSync(env.dataDir, { recursive: true, mode: 0o700 });
    accessSync(env.dataDir, constants.W_OK);
  } catch {
    return {
      name,
      state: "fail",
      found: `DATA_DIR (${env.dataDir}) can't be written`,
      mend: "Give this user the right to write there, or set DATA_DIR to another folder.",
    };
  }
  const { bavail, bsize } = statfsSync(env.dataDir);
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free in DATA_DIR`;
  return free >= MIN_FREE_BYTES
    ? { name, state: "ok", found }
    : { name, state: "warn", found, mend: "Free some space, or set DATA_DIR to a larger disk." };
}

/** `more` is asked while it is open. */
async function checkDatabase(env: Env, more: (handle: DatabaseHandle) => Promise<Check[]>): Promise<Check[]> {
  const name = "database";
  try {
    const handle = await openDatabase({
      url: env.databaseUrl ?? undefined,
      dataDir: env.dataDir,
      log: makeLog("silent"),
      maxConnections: 1,
    });
    try {
      const applied = await migrate(handle);
      const kind = handle.kind === "embedded" ? "the embedded PostgreSQL" : handle.url;
      const found = `${kind} answers${applied > 0 ? `, ${applied} migrations applied` : ", its schema is up to date"}`;
      return [{ name, state: "ok", found }, ...(await more(handle))];
    } finally {
      await handle.close();
    }
  } catch (error) {
    const mend = error instanceof Error ? error.message : String(error);
    return [{ name, state: "fail", found: "the database can't be opened", mend }];
  }
}

async function checkBus(env: Env): Promise<Check> {
  const name = "bus";
  if (env.redisUrl === null)
    return { name, state: "ok", found: "in the process itself; several processes need REDIS_URL" };
  try {
    const bus = await openBus({ url: env.redisUrl, log: makeLog("silent") });
    try {
      await bus.ping();
      // Reading what was written shows that this user may, and that the Redis is no replica.
      const key = `doctor:${crypto.randomUUID()}`;
      await bus.cache.set(key, name, 10_000);
      if ((await bus.cache.get(key)) === name)
        return { name, state: "ok", found: "Redis answers and keeps what is written" };
      return {
        name,
        state: "fail",
        found: "Redis answers but does not keep what is written",
        mend: "Let REDIS_URL name the primary, and a user who may use all keys that begin with streamhub: and all commands.",
      };
    } finally {
      await bus.close();
    }
  } catch (error) {
    return {
      name,
      state: "fail",
      found: error instanceof Error ? error.message.replace(/\.$/, "") : String(error),
      mend: "Start that Redis or correct REDIS_URL. A platform of one process needs none: unset REDIS_URL.",
    };
  }
}

function checkSite(): Check {
  const built = existsSync(join(SITE_FOLDER, "index.html"));
  return built
    ? { name: "site", state: "ok", found: "the site is built" }
    : {
        name: "site",
        state: "warn",
        found: "the site is not built",
        mend: "Start with npm start, which builds it, or run: npx bun run build",
      };
}

/** All checks, in the order in which a start would meet them; `production`: and what a machine on the internet needs. */
export async function examine(production: boolean): Promise<Check[]> {
  const { env, checks } = checkEnvironment();
  const ffmpeg = env?.ffmpegPath ?? "ffmpeg";
  const result = [checkBun(), ...checks, ...(await ffmpegChecks(ffmpeg)), await encoderCheck(ffmpeg), checkSite()];
  if (env === null) return result;
  const disk = checkDisk(env);
  result.push(disk, ...checkTls(env), ...(await checkPorts(env)));
  if (env.databaseUrl !== null || disk.state !== "fail")
    result.push(...(await checkDatabase(env, async ({ db, sql }) => (production ? storedChecks(db, sql) : []))));
  result.push(await checkBus(env));
  if (production && disk.state !== "fail") result.push(...(await productionChecks(env)));
  return result;
}

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

export const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description: "Check ffmpeg, ports, database, bus and disk, and say how to mend what is wrong",
  },
  args: {
    production: {
      type: "boolean",
      description: "Also what a machine on the internet needs: TLS, secrets, room, backups",
    },
    ...jsonArg,
  },
  async run({ args }) {
    const checks = await examine(args.production === true);
    if (args.json) console.log(JSON.stringify({ checks }));
    else
      for (const { name, state, found, mend } of checks)
        console.log(`${MARKS[state]}  ${name.padEnd(12)} ${found}${mend === undefined ? "" : `. ${mend}`}`);
    process.exitCode = checks.some((check) => check.state === "fail") ? 1 : 0;
  },
});
