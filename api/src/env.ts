/**
 * The one environment schema of StreamHub. `readEnv` is pure: it takes a record, returns typed settings, and reports every wrong variable
 * at once with a sentence that says what to change. Values never appear in a sentence, because several of them are secrets.
 *
 * No Elysia here: the ingest process and the command line read the same schema without the web framework.
 */

import type { Check } from "./env-parsers.ts";
import {
  type CALLBACK_METHODS,
  type LogLevel,
  type NodeEnv,
  type Raw,
  type REMUXERS,
  VARIABLES,
  type VariableName,
} from "./env-variables.ts";
import type { RequestLimits } from "./limits/model.ts";

export {
  ENV_VARIABLES,
  type LogLevel,
  READERS,
  type Reader,
  SECRET_VARIABLES,
  type VariableName,
  type VariableWords,
} from "./env-variables.ts";

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
  /** Addresses may have secrets in them. */
  readonly callbacks: {
    readonly urls: {
      readonly on_publish: string | null;
      readonly on_publish_done: string | null;
      readonly on_play: string | null;
      readonly on_play_done: string | null;
      readonly on_update: string | null;
    };
    readonly method: (typeof CALLBACK_METHODS)[number];
    readonly updateSeconds: number;
  } | null;
  /** `url` has a password in it. */
  readonly mail: { readonly url: string; readonly from: string } | null;
  /** `endpoint` and `headers` may have secrets in them. */
  readonly tracing: {
    readonly endpoint: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly serviceName: string;
    readonly ratio: number;
  } | null;
  readonly corsOrigins: readonly string[];
  readonly publicUrl: string | null;
  readonly remuxer: (typeof REMUXERS)[number];
  /** Broadcasts may be sent on to private addresses too. */
  readonly restreamAnywhere: boolean;
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
    callbacks: CALLBACK_URLS.some((name) => value[name] !== null)
      ? {
          urls: {
            on_publish: value.ON_PUBLISH_URL,
            on_publish_done: value.ON_PUBLISH_DONE_URL,
            on_play: value.ON_PLAY_URL,
            on_play_done: value.ON_PLAY_DONE_URL,
            on_update: value.ON_UPDATE_URL,
          },
          method: value.CALLBACK_METHOD,
          updateSeconds: value.ON_UPDATE_SECONDS,
        }
      : null,
    mail: value.SMTP_URL === null ? null : { url: value.SMTP_URL, from: value.MAIL_FROM! },
    tracing:
      value.OTEL_EXPORTER_OTLP_ENDPOINT === null
        ? null
        : {
            endpoint: value.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: value.OTEL_EXPORTER_OTLP_HEADERS,
            serviceName: value.OTEL_SERVICE_NAME,
            ratio: value.OTEL_TRACES_SAMPLER_ARG,
          },
    corsOrigins: value.CORS_ORIGINS,
    publicUrl: value.PUBLIC_URL,
    remuxer: value.REMUXER,
    restreamAnywhere: value.RESTREAM_ANYWHERE === "true",
    ffmpegPath: value.FFMPEG_PATH,
  };
}

type Report = (variable: VariableName, wrong: string) => void;

const CALLBACK_URLS = [
  "ON_PUBLISH_URL",
  "ON_PUBLISH_DONE_URL",
  "ON_PLAY_URL",
  "ON_PLAY_DONE_URL",
  "ON_UPDATE_URL",
] as const;

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
  if (value.SMTP_URL) {
    if (missing("MAIL_FROM")) report("MAIL_FROM", "must be set too, because SMTP_URL is; or unset SMTP_URL");
    if (missing("PUBLIC_URL")) report("PUBLIC_URL", "must be set, because letters (SMTP_URL) have links to the site");
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
