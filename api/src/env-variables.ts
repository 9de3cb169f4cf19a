/** The table of environment variables: each one's meaning, who reads it, its default, and the check of its text. */

import {
  addressRanges,
  apiLimits,
  bytes,
  count,
  days,
  headers,
  host,
  limits,
  oneOf,
  optional,
  origin,
  origins,
  orNone,
  type Parse,
  path,
  port,
  seconds,
  secret,
  sender,
  share,
  text,
  url,
  withDefault,
} from "./env-parsers.ts";

interface Variable<T> {
  readonly about: string;
  readonly readBy: readonly Reader[];
  /** As an operator would write it. */
  readonly default?: string;
  readonly parse: Parse<T>;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const NODE_ENVS = ["development", "test", "production"] as const;
const YES_OR_NO = ["true", "false"] as const;
export const CALLBACK_METHODS = ["post", "get"] as const;
export const REMUXERS = ["auto", "ffmpeg", "native"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type NodeEnv = (typeof NODE_ENVS)[number];

/** Who does something by a variable; `serve` is `demo` too. `doctor` looks at all of them. */
export const READERS = ["serve", "api", "ingest", "migrate", "seed", "user", "channel", "backup", "restore"] as const;
export type Reader = (typeof READERS)[number];

const ALL = READERS;
const SERVERS: readonly Reader[] = ["serve", "api", "ingest"];
const SITE: readonly Reader[] = ["serve", "api"];
const MEDIA: readonly Reader[] = ["serve", "ingest"];
const callbackUrl = url(["http:", "https:"], "http://127.0.0.1:8090/on_publish");
const KEYS: readonly Reader[] = [...SERVERS, "seed", "channel", "restore"];

export const VARIABLES = {
  NODE_ENV: {
    about: "development, test or production",
    readBy: ["api", "ingest"],
    ...withDefault("development", oneOf(NODE_ENVS)),
  },
  LOG_LEVEL: { about: `one of ${LOG_LEVELS.join(", ")}`, readBy: SERVERS, ...withDefault("info", oneOf(LOG_LEVELS)) },
  DATA_DIR: { about: "folder for the database, recordings and secrets", readBy: ALL, ...withDefault("./data", path) },
  HOST: { about: "address that every listener binds to", readBy: SERVERS, ...withDefault("0.0.0.0", host) },
  HTTP_PORT: { about: "site, API and media of the all-in-one server", readBy: SITE, ...withDefault("8000", port) },
  RTMP_PORT: { about: "where encoders connect", readBy: SERVERS, ...withDefault("1935", port) },
  RTMPS_PORT: {
    about: "where encoders connect over TLS; needs TLS_CERT and TLS_KEY",
    readBy: SERVERS,
    parse: optional(port),
  },
  TLS_CERT: { about: "PEM file with the certificate chain", readBy: SERVERS, parse: optional(path) },
  TLS_KEY: { about: "PEM file with the private key", readBy: SERVERS, parse: optional(path) },
  RTMP_LIMITS: {
    about: "limits of the RTMP listener that differ from their defaults, name=number with commas between",
    readBy: MEDIA,
    parse: orNone({}, limits),
  },
  API_LIMITS: {
    about: "limits of requests to the API that differ from their defaults, name=number with commas between",
    readBy: SITE,
    parse: orNone({}, apiLimits),
  },
  MEDIA_PORT: {
    about: "media over HTTP of an ingest that runs alone; of several workers each has one of the next ports besides",
    readBy: ["ingest"],
    ...withDefault("8080", port),
  },
  DATABASE_URL: {
    about: "an outside PostgreSQL; unset: a private one is started",
    readBy: ALL,
    parse: optional(url(["postgres:", "postgresql:"], "postgres://user:password@db:5432/streamhub")),
  },
  REDIS_URL: {
    about: "an outside Redis; unset: state stays in the process",
    readBy: SERVERS,
    parse: optional(url(["redis:", "rediss:"], "redis://redis:6379")),
  },
  S3_ENDPOINT: {
    about: "S3-compatible storage for recordings; unset: the local disk",
    readBy: [...MEDIA, "backup", "restore"],
    parse: optional(url(["http:", "https:"], "https://s3.example.org")),
  },
  S3_BUCKET: { about: "bucket for recordings", readBy: [...MEDIA, "backup", "restore"], parse: optional(text) },
  S3_ACCESS_KEY_ID: {
    about: "access key of the bucket",
    readBy: [...MEDIA, "backup", "restore"],
    parse: optional(text),
  },
  S3_SECRET_ACCESS_KEY: {
    about: "secret of the access key",
    readBy: [...MEDIA, "backup", "restore"],
    parse: optional(text),
  },
  RECORDING_MAX_AGE_DAYS: {
    about: "recordings are removed when they are older; unset: never",
    readBy: MEDIA,
    parse: optional(days),
  },
  RECORDING_MAX_BYTES: {
    about: "the oldest recordings are removed when all together are larger, such as 500G; unset: never",
    readBy: MEDIA,
    parse: optional(bytes),
  },
  RECORDING_KEEP_FREE_BYTES: {
    about: "the oldest recordings are removed when less of the disk is free; unset: never",
    readBy: MEDIA,
    parse: optional(bytes),
  },
  RECORDING_MIN_FREE_BYTES: {
    about: "recording stops when less of the disk is free",
    readBy: MEDIA,
    ...withDefault("2G", bytes),
  },
  JWT_SECRET: { about: "signs tokens; unset: made once and kept in DATA_DIR", readBy: KEYS, parse: optional(secret) },
  STREAM_KEY_SECRET: {
    about: "hashes and encrypts stream keys; unset: JWT_SECRET does. Set it to the old JWT_SECRET when you change that",
    readBy: KEYS,
    parse: optional(secret),
  },
  METRICS_TOKEN: {
    about: "bearer token without which /metrics answers nobody; unset: only this machine may read it",
    readBy: SERVERS,
    parse: optional(secret),
  },
  TRUSTED_PROXIES: {
    about: "addresses and CIDR ranges of proxies whose X-Forwarded-For counts, with commas between; unset: none",
    readBy: SERVERS,
    parse: orNone([], addressRanges),
  },
  INGEST_URL: {
    about:
      "where a gateway reaches the media of an ingest that runs alone; unset: HOST, or else this machine's name, and MEDIA_PORT. Workers put their own ports in",
    readBy: ["ingest"],
    parse: optional(origin),
  },
  MAX_PUBLISHERS: {
    about: "publishers that an ingest that runs alone takes at most; unset: no limit",
    readBy: ["ingest"],
    parse: optional(count),
  },
  DRAIN_SECONDS: {
    about: "how long an ingest that runs alone lets its publishers go on when it is asked to stop",
    readBy: ["ingest"],
    ...withDefault("0", count),
  },
  GATEWAY_TOKEN: {
    about: "bearer token with which a gateway asks the API where a channel's media are; unset: nobody may",
    readBy: ["api"],
    parse: optional(secret),
  },
  RTMP_TRUSTED_PROXIES: {
    about:
      "addresses and CIDR ranges of proxies that send a PROXY header on RTMP_PORT, with commas between; unset: none",
    readBy: MEDIA,
    parse: orNone([], addressRanges),
  },
  ON_PUBLISH_URL: {
    about: "program that is asked before somebody publishes over RTMP, as nginx-rtmp's on_publish; unset: none",
    readBy: MEDIA,
    parse: optional(callbackUrl),
  },
  ON_PUBLISH_DONE_URL: {
    about: "program that is told when a publisher is gone, as nginx-rtmp's on_publish_done; unset: none",
    readBy: MEDIA,
    parse: optional(callbackUrl),
  },
  ON_PLAY_URL: {
    about: "program that is asked before somebody plays over RTMP, as nginx-rtmp's on_play; unset: none",
    readBy: MEDIA,
    parse: optional(callbackUrl),
  },
  ON_PLAY_DONE_URL: {
    about: "program that is told when an RTMP player is gone, as nginx-rtmp's on_play_done; unset: none",
    readBy: MEDIA,
    parse: optional(callbackUrl),
  },
  ON_UPDATE_URL: {
    about: "program that is asked about each RTMP publisher and player while it goes on; unset: none",
    readBy: MEDIA,
    parse: optional(callbackUrl),
  },
  ON_UPDATE_SECONDS: {
    about: "how often ON_UPDATE_URL is asked about each of them",
    readBy: MEDIA,
    ...withDefault("30", seconds),
  },
  CALLBACK_METHOD: {
    about: "how these programs are asked: post, or get (stream keys stand in the address then)",
    readBy: MEDIA,
    ...withDefault("post", oneOf(CALLBACK_METHODS)),
  },
  SMTP_URL: {
    about: "mail server for letters to users, such as smtp://user:password@mail.example.org:587; unset: none are sent",
    readBy: SITE,
    parse: optional(url(["smtp:", "smtps:"], "smtp://user:password@mail.example.org:587")),
  },
  MAIL_FROM: { about: "sender of these letters; needs SMTP_URL", readBy: SITE, parse: optional(sender) },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    about: "collector of traces, by OTLP over HTTP in JSON (/v1/traces is added); unset: nothing is traced",
    readBy: SERVERS,
    parse: optional(url(["http:", "https:"], "http://collector:4318")),
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    about: "headers for the collector, name=value with commas between; unset: none",
    readBy: SERVERS,
    parse: orNone({}, headers),
  },
  OTEL_SERVICE_NAME: {
    about: "what traces call this process",
    readBy: SERVERS,
    ...withDefault("streamhub", text),
  },
  OTEL_TRACES_SAMPLER_ARG: {
    about: "part of the traces that is kept, 0 to 1, whole traces by their id; the same for all processes",
    readBy: SERVERS,
    ...withDefault("1", share),
  },
  CORS_ORIGINS: {
    about: "other sites whose pages may call the API, with commas between; unset: none",
    readBy: SITE,
    parse: orNone([], origins),
  },
  PUBLIC_URL: { about: "the site's address as viewers type it", readBy: SITE, parse: optional(origin) },
  REMUXER: {
    about:
      "how RTMP media becomes HLS and DASH: ffmpeg, native (in this process), or auto (ffmpeg for what it can read)",
    readBy: MEDIA,
    ...withDefault("auto", oneOf(REMUXERS)),
  },
  RESTREAM_ANYWHERE: {
    about: "true: broadcasts may be sent on to services in private networks too, such as a server in one's own",
    readBy: SERVERS,
    ...withDefault("false", oneOf(YES_OR_NO)),
  },
  FFMPEG_PATH: { about: "the ffmpeg to run; unset: the one on PATH", readBy: MEDIA, parse: optional(path) },
} satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

/** A variable as texts about it need it. */
export interface VariableWords {
  readonly name: VariableName;
  readonly about: string;
  readonly readBy: readonly Reader[];
  /** As an operator would write it; null where unset is a state of its own, which `about` explains. */
  readonly default: string | null;
}

/** Every variable, in the order in which docs/configuration.md and `.env.example` list them. */
export const ENV_VARIABLES: readonly VariableWords[] = Object.entries<Variable<unknown>>(VARIABLES).map(
  ([name, { about, readBy, default: text }]) => ({ name: name as VariableName, about, readBy, default: text ?? null }),
);

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
  "ON_PUBLISH_URL",
  "ON_PUBLISH_DONE_URL",
  "ON_PLAY_URL",
  "ON_PLAY_DONE_URL",
  "ON_UPDATE_URL",
  "SMTP_URL",
  "OTEL_EXPORTER_OTLP_HEADERS",
] as const satisfies readonly VariableName[];

/** The values of all variables that passed their checks. */
export type Raw = { [K in VariableName]: (typeof VARIABLES)[K]["parse"] extends Parse<infer T> ? T : never };
