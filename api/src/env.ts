/**
 * The one environment schema of StreamHub. `readEnv` is pure: it takes a record, returns typed settings, and reports every wrong variable
 * at once with a sentence that says what to change. Values never appear in a sentence, because several of them are secrets.
 *
 * No Elysia here: the ingest process and the command line read the same schema without the web framework.
 */

import { isIP } from "node:net";
import { REQUEST_LIMITS, type RequestLimits } from "./limits/model.ts";

type Check<T> = { readonly ok: T } | { readonly wrong: string };
type Parse<T> = (text: string | undefined) => Check<T>;
interface Variable<T> {
  readonly about: string;
  readonly parse: Parse<T>;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const NODE_ENVS = ["development", "test", "production"] as const;
const MIN_SECRET_LENGTH = 32;
const REMUXERS = ["auto", "ffmpeg", "native"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type NodeEnv = (typeof NODE_ENVS)[number];

function optional<T>(check: (text: string) => Check<T>): Parse<T | null> {
  return (text) => (text === undefined ? { ok: null } : check(text));
}

function withDefault<T>(fallback: T, check: (text: string) => Check<T>): Parse<T> {
  return (text) => (text === undefined ? { ok: fallback } : check(text));
}

function port(text: string): Check<number> {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65535) return { ok: value };
  return { wrong: "must be a whole number from 0 to 65535 (0 picks a free port)" };
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => Check<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase());
    return found === undefined ? { wrong: `must be one of ${choices.join(", ")}` } : { ok: found };
  };
}

function url(schemes: readonly string[], example: string): (text: string) => Check<string> {
  return (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (parsed !== null && schemes.includes(parsed.protocol) && parsed.hostname !== "") return { ok: text };
    return { wrong: `must be a URL that starts with ${schemes.map((s) => `${s}//`).join(" or ")}, such as ${example}` };
  };
}

/** A site lives at the root of an origin: a path would break every link, so it is refused here rather than ignored. */
function origin(text: string): Check<string> {
  const sentence = "must be the site's address without a path, such as https://live.example.org";
  if (!URL.canParse(text)) return { wrong: sentence };
  const parsed = new URL(text);
  const bare = parsed.pathname === "/" && parsed.search === "" && parsed.hash === "" && parsed.username === "";
  if (!bare || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) return { wrong: sentence };
  return { ok: parsed.origin };
}

function host(text: string): Check<string> {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) || /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/.test(text))
    return { ok: text };
  return {
    wrong: "must be an address or host name to listen on, without scheme or port, such as 0.0.0.0 or 127.0.0.1",
  };
}

function days(text: string): Check<number> {
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return value > 0 ? { ok: value } : { wrong: "must be a number of days above 0, such as 30" };
}

function count(text: string): Check<number> {
  return /^\d{1,6}$/.test(text) ? { ok: Number(text) } : { wrong: "must be a whole number up to 999999" };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

function bytes(text: string): Check<number> {
  const [, digits = "", unit = ""] = /^(\d{1,13})([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const value = Number(digits) * UNITS[unit.toUpperCase()]!;
  if (digits === "" || !Number.isSafeInteger(value)) return { wrong: "must be a number of bytes, such as 500G" };
  return { ok: value };
}

function path(text: string): Check<string> {
  return text.includes("\0") ? { wrong: "must be a path without NUL characters" } : { ok: text };
}

function secret(text: string): Check<string> {
  if (text.length >= MIN_SECRET_LENGTH) return { ok: text };
  return { wrong: `must have at least ${MIN_SECRET_LENGTH} characters; "openssl rand -base64 48" makes a good one` };
}

/** `name=number` pairs. Which names there are is the listener's knowledge. */
function limits(text: string): Check<Readonly<Record<string, number>>> {
  const pairs = text.split(",").map((pair) => /^\s*([A-Za-z]+)\s*=\s*(\d{1,15})\s*$/.exec(pair));
  if (pairs.some((pair) => pair === null)) {
    return { wrong: "must be name=number pairs separated by commas, such as maxConnections=2000,idleTimeout=20000" };
  }
  return { ok: Object.fromEntries(pairs.map((pair) => [pair![1]!, Number(pair![2])])) };
}

const API_LIMITS = Object.keys(REQUEST_LIMITS) as (keyof RequestLimits)[];

function apiLimits(text: string): Check<Partial<RequestLimits>> {
  const found = limits(text);
  if ("wrong" in found) return { wrong: `${found.wrong.replace(/, such as .*/, "")}, such as perSecond=200,burst=800` };
  const pairs = Object.entries(found.ok);
  if (pairs.some(([name, value]) => !API_LIMITS.some((known) => known === name) || value < 1))
    return { wrong: `must name limits of the API (${API_LIMITS.join(", ")}), each 1 or more` };
  return { ok: found.ok };
}

/** All parts of a list, or the sentence about the first wrong one. */
function list<T>(check: (part: string) => Check<T>): (text: string) => Check<readonly T[]> {
  return (text) => {
    const checks = text.split(",").map((part) => check(part.trim()));
    const wrong = checks.find((result) => "wrong" in result);
    return wrong ?? { ok: checks.map((result) => (result as { ok: T }).ok) };
  };
}

const origins = list(origin);

const addressRanges = list((part): Check<string> => {
  const [address = "", bits, ...more] = part.split("/");
  const family = isIP(address);
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  if (family !== 0 && fits && more.length === 0) return { ok: part };
  return { wrong: "must be IP addresses or CIDR ranges separated by commas, such as 127.0.0.1,10.0.0.0/8" };
});

function text(value: string): Check<string> {
  return { ok: value };
}

const VARIABLES = {
  NODE_ENV: { about: "development, test or production", parse: withDefault("development", oneOf(NODE_ENVS)) },
  LOG_LEVEL: { about: `one of ${LOG_LEVELS.join(", ")}`, parse: withDefault("info", oneOf(LOG_LEVELS)) },
  DATA_DIR: { about: "folder for the database, recordings and secrets", parse: withDefault("./data", path) },
  HOST: { about: "address that every listener binds to", parse: withDefault("0.0.0.0", host) },
  HTTP_PORT: { about: "site, API and media of the all-in-one server", parse: withDefault(8000, port) },
  RTMP_PORT: { about: "where encoders connect", parse: withDefault(1935, port) },
  RTMPS_PORT: { about: "where encoders connect over TLS; needs TLS_CERT and TLS_KEY", parse: optional(port) },
  TLS_CERT: { about: "PEM file with the certificate chain", parse: optional(path) },
  TLS_KEY: { about: "PEM file with the private key", parse: optional(path) },
  RTMP_LIMITS: {
    about: "limits of the RTMP listener that differ from their defaults, name=number with commas between",
    parse: withDefault({}, limits),
  },
  API_LIMITS: {
    about: "limits of requests to the API that differ from their defaults, name=number with commas between",
    parse: withDefault({}, apiLimits),
  },
  MEDIA_PORT: { about: "media over HTTP of an ingest that runs alone", parse: withDefault(8080, port) },
  DATABASE_URL: {
    about: "an outside PostgreSQL; unset: a private one is started",
    parse: optional(url(["postgres:", "postgresql:"], "postgres://user:password@db:5432/streamhub")),
  },
  REDIS_URL: {
    about: "an outside Redis; unset: state stays in the process",
    parse: optional(url(["redis:", "rediss:"], "redis://redis:6379")),
  },
  S3_ENDPOINT: {
    about: "S3-compatible storage for recordings; unset: the local disk",
    parse: optional(url(["http:", "https:"], "https://s3.example.org")),
  },
  S3_BUCKET: { about: "bucket for recordings", parse: optional(text) },
  S3_ACCESS_KEY_ID: { about: "access key of the bucket", parse: optional(text) },
  S3_SECRET_ACCESS_KEY: { about: "secret of the access key", parse: optional(text) },
  RECORDING_MAX_AGE_DAYS: {
    about: "recordings are removed when they are older; unset: never",
    parse: optional(days),
  },
  RECORDING_MAX_BYTES: {
    about: "the oldest recordings are removed when all together are larger, such as 500G; unset: never",
    parse: optional(bytes),
  },
  RECORDING_KEEP_FREE_BYTES: {
    about: "the oldest recordings are removed when less of the disk is free; unset: never",
    parse: optional(bytes),
  },
  RECORDING_MIN_FREE_BYTES: {
    about: "recording stops when less of the disk is free",
    parse: withDefault(2 * 1024 ** 3, bytes),
  },
  JWT_SECRET: { about: "signs tokens; unset: made once and kept in DATA_DIR", parse: optional(secret) },
  STREAM_KEY_SECRET: {
    about: "hashes and encrypts stream keys; unset: JWT_SECRET does. Set it to the old JWT_SECRET when you change that",
    parse: optional(secret),
  },
  METRICS_TOKEN: {
    about: "bearer token without which /metrics answers nobody; unset: only this machine may read it",
    parse: optional(secret),
  },
  TRUSTED_PROXIES: {
    about: "addresses and CIDR ranges of proxies whose X-Forwarded-For counts, with commas between; unset: none",
    parse: withDefault([], addressRanges),
  },
  INGEST_URL: {
    about:
      "where a gateway reaches the media of an ingest that runs alone; unset: HOST, or else this machine's name, and MEDIA_PORT",
    parse: optional(origin),
  },
  MAX_PUBLISHERS: {
    about: "publishers that an ingest that runs alone takes at most; unset: no limit",
    parse: optional(count),
  },
  DRAIN_SECONDS: {
    about: "how long an ingest that runs alone lets its publishers go on when it is asked to stop",
    parse: withDefault(0, count),
  },
  GATEWAY_TOKEN: {
    about: "bearer token with which a gateway asks the API where a channel's media are; unset: nobody may",
    parse: optional(secret),
  },
  RTMP_TRUSTED_PROXIES: {
    about:
      "addresses and CIDR ranges of proxies that send a PROXY header on RTMP_PORT, with commas between; unset: none",
    parse: withDefault([], addressRanges),
  },
  CORS_ORIGINS: {
    about: "other sites whose pages may call the API, with commas between; unset: none",
    parse: withDefault([], origins),
  },
  PUBLIC_URL: { about: "the site's address as viewers type it", parse: optional(origin) },
  REMUXER: {
    about:
      "how RTMP media becomes HLS and DASH: ffmpeg, native (in this process), or auto (ffmpeg for what it can read)",
    parse: withDefault("auto", oneOf(REMUXERS)),
  },
  FFMPEG_PATH: { about: "ffmpeg to run; unset: the one on PATH", parse: optional(path) },
} satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

/** Every variable with its meaning, in the order in which help texts and `.env.example` list them. */
export const ENV_VARIABLES: readonly { readonly name: VariableName; readonly about: string }[] = Object.entries(
  VARIABLES,
).map(([name, { about }]) => ({ name: name as VariableName, about }));

/** Those that a file may hold instead, `NAME_FILE`, as orchestrators hand secrets out. */
export const SECRET_VARIABLES = [
  "DATABASE_URL",
  "REDIS_URL",
  "S3_ACCESS_KEY_ID",
  "S3_SECRET_ACCESS_KEY",
  "JWT_SECRET",
  "STREAM_KEY_SECRET",
  "METRICS_TOKEN",
  "GATEWAY_TOKEN",
] as const satisfies readonly VariableName[];

type Raw = { [K in VariableName]: (typeof VARIABLES)[K]["parse"] extends Parse<infer T> ? T : never };

/** One wrong variable; `sentence` begins with its name and says what to change. */
export interface EnvProblem {
  readonly variable: VariableName;
  readonly sentence: string;
}

/** The start must stop: `message` has one line per wrong variable. */
export class EnvError extends Error {
  override readonly name = "EnvError";
  constructor(readonly problems: readonly EnvProblem[]) {
    super(problems.map((problem) => problem.sentence).join("\n"));
  }
}

/** Validated settings. Groups that only make sense together are one nullable object. */
export interface Env {
  readonly nodeEnv: NodeEnv;
  readonly logLevel: LogLevel;
  readonly dataDir: string;
  readonly host: string;
  readonly httpPort: number;
  readonly rtmpPort: number;
  readonly rtmps: { readonly port: number; readonly certFile: string; readonly keyFile: string } | null;
  /** Milliseconds, bytes or counts by name; the listener knows the names. */
  readonly rtmpLimits: Readonly<Record<string, number>>;
  readonly apiLimits: Partial<RequestLimits>;
  readonly mediaPort: number;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly s3: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  } | null;
  readonly retention: {
    readonly maxAgeDays: number | null;
    readonly maxBytes: number | null;
    readonly keepFreeBytes: number | null;
    readonly minFreeBytes: number;
  };
  readonly jwtSecret: string | null;
  readonly streamKeySecret: string | null;
  readonly metricsToken: string | null;
  /** Addresses or CIDR ranges. */
  readonly trustedProxies: readonly string[];
  readonly ingestNode: {
    readonly url: string | null;
    readonly maxPublishers: number | null;
    readonly drainSeconds: number;
  };
  readonly gatewayToken: string | null;
  /** Addresses or CIDR ranges: these must send a PROXY header, nobody else may. */
  readonly rtmpTrustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly publicUrl: string | null;
  readonly remuxer: (typeof REMUXERS)[number];
  readonly ffmpegPath: string | null;
}

export interface ReadEnvOptions {
  /** True when api and ingest are separate processes: they can't share a generated secret, so production must set JWT_SECRET. */
  readonly partsRunApart?: boolean;
}

/** Reads and validates settings from a record such as `Bun.env`. An empty value counts as unset. Throws `EnvError`. */
export function readEnv(record: Readonly<Record<string, string | undefined>>, options: ReadEnvOptions = {}): Env {
  const problems: EnvProblem[] = [];
  const report = (variable: VariableName, wrong: string) =>
    problems.push({ variable, sentence: `${variable} ${wrong}.` });
  const raw: Record<string, unknown> = {};
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const given = record[name]?.trim();
    const check: Check<unknown> = VARIABLES[name].parse(given === "" ? undefined : given);
    if ("wrong" in check) report(name, check.wrong);
    else raw[name] = check.ok;
  }
  // Cross-checks see only values that passed; a value that failed was reported above and must not be reported as missing too.
  const failed = new Set(problems.map((problem) => problem.variable));
  const value = raw as Raw;
  requireTogether(value, failed, report);
  requireDifferentPorts(value, failed, report);
  if (options.partsRunApart && value.NODE_ENV === "production" && value.JWT_SECRET === null) {
    report("JWT_SECRET", `must be set, to the same value for every part, when parts run apart in production`);
  }
  if (problems.length > 0) throw new EnvError(problems);
  return {
    nodeEnv: value.NODE_ENV,
    logLevel: value.LOG_LEVEL,
    dataDir: value.DATA_DIR,
    host: value.HOST,
    httpPort: value.HTTP_PORT,
    rtmpPort: value.RTMP_PORT,
    rtmps:
      value.RTMPS_PORT === null ? null : { port: value.RTMPS_PORT, certFile: value.TLS_CERT!, keyFile: value.TLS_KEY! },
    rtmpLimits: value.RTMP_LIMITS,
    apiLimits: value.API_LIMITS,
    mediaPort: value.MEDIA_PORT,
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL,
    s3:
      value.S3_ENDPOINT === null
        ? null
        : {
            endpoint: value.S3_ENDPOINT,
            bucket: value.S3_BUCKET!,
            accessKeyId: value.S3_ACCESS_KEY_ID!,
            secretAccessKey: value.S3_SECRET_ACCESS_KEY!,
          },
    retention: {
      maxAgeDays: value.RECORDING_MAX_AGE_DAYS,
      maxBytes: value.RECORDING_MAX_BYTES,
      keepFreeBytes: value.RECORDING_KEEP_FREE_BYTES,
      minFreeBytes: value.RECORDING_MIN_FREE_BYTES,
    },
    jwtSecret: value.JWT_SECRET,
    streamKeySecret: value.STREAM_KEY_SECRET,
    metricsToken: value.METRICS_TOKEN,
    trustedProxies: value.TRUSTED_PROXIES,
    ingestNode: {
      url: value.INGEST_URL,
      maxPublishers: value.MAX_PUBLISHERS,
      drainSeconds: value.DRAIN_SECONDS,
    },
    gatewayToken: value.GATEWAY_TOKEN,
    rtmpTrustedProxies: value.RTMP_TRUSTED_PROXIES,
    corsOrigins: value.CORS_ORIGINS,
    publicUrl: value.PUBLIC_URL,
    remuxer: value.REMUXER,
    ffmpegPath: value.FFMPEG_PATH,
  };
}

type Report = (variable: VariableName, wrong: string) => void;

const S3_GROUP = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const;

function requireTogether(value: Raw, failed: ReadonlySet<VariableName>, report: Report): void {
  const missing = (name: VariableName) => value[name] === null && !failed.has(name);
  if (value.RTMPS_PORT !== null || failed.has("RTMPS_PORT")) {
    if (missing("TLS_CERT"))
      report("TLS_CERT", "must name a PEM certificate file, because RTMPS_PORT is set; or unset RTMPS_PORT");
    if (missing("TLS_KEY"))
      report("TLS_KEY", "must name a PEM key file, because RTMPS_PORT is set; or unset RTMPS_PORT");
  } else {
    if (value.TLS_CERT && missing("TLS_KEY"))
      report("TLS_KEY", "must be set together with TLS_CERT; or unset TLS_CERT");
    if (value.TLS_KEY && missing("TLS_CERT")) report("TLS_CERT", "must be set together with TLS_KEY; or unset TLS_KEY");
  }
  if (S3_GROUP.every((name) => !value[name] && !failed.has(name))) return;
  for (const name of S3_GROUP) {
    if (missing(name))
      report(name, "must be set too, because other S3_ variables are; or unset all of them to use the local disk");
  }
}

function requireDifferentPorts(value: Raw, failed: ReadonlySet<VariableName>, report: Report): void {
  const taken = new Map<number, VariableName>();
  for (const name of ["HTTP_PORT", "RTMP_PORT", "RTMPS_PORT"] as const) {
    const number = value[name];
    if (failed.has(name) || number === null || number === 0) continue;
    const other = taken.get(number);
    if (other === undefined) taken.set(number, name);
    else report(name, `must differ from ${other}: both are ${number}`);
  }
}
