import { describe, expect, test } from "bun:test";
import { ENV_VARIABLES, EnvError, readEnv, type VariableName } from "./env.ts";

/** Wrong variables of a record, as names. */
function wrong(record: Record<string, string>, options = {}): VariableName[] {
  try {
    readEnv(record, options);
    return [];
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return error.problems.map((problem) => problem.variable);
  }
}

const SECRET = "0123456789abcdef0123456789abcdef";
const S3 = {
  S3_ENDPOINT: "https://s3.example.org",
  S3_BUCKET: "vod",
  S3_ACCESS_KEY_ID: "id",
  S3_SECRET_ACCESS_KEY: "hush",
};

test("an empty record gives the documented defaults", () => {
  expect(readEnv({})).toEqual({
    nodeEnv: "development",
    logLevel: "info",
    dataDir: "./data",
    host: "0.0.0.0",
    httpPort: 8000,
    rtmpPort: 1935,
    rtmps: null,
    rtmpLimits: {},
    apiLimits: {},
    mediaPort: 8080,
    databaseUrl: null,
    redisUrl: null,
    s3: null,
    retention: { maxAgeDays: null, maxBytes: null, keepFreeBytes: null, minFreeBytes: 2_147_483_648 },
    jwtSecret: null,
    streamKeySecret: null,
    metricsToken: null,
    trustedProxies: [],
    ingestNode: { url: null, maxPublishers: null, drainSeconds: 0 },
    gatewayToken: null,
    rtmpTrustedProxies: [],
    callbacks: null,
    tracing: null,
    mail: null,
    corsOrigins: [],
    publicUrl: null,
    remuxer: "auto",
    restreamAnywhere: false,
    ffmpegPath: null,
  });
});

test("empty and blank strings count as unset, for every variable", () => {
  const blank = Object.fromEntries(ENV_VARIABLES.map(({ name }, index) => [name, index % 2 === 0 ? "" : "  "]));
  expect(readEnv(blank)).toEqual(readEnv({}));
});

test("every variable is read into its place", () => {
  const env = readEnv({
    ...S3,
    RECORDING_MAX_AGE_DAYS: "30.5",
    RECORDING_MAX_BYTES: "500G",
    RECORDING_KEEP_FREE_BYTES: "20GiB",
    RECORDING_MIN_FREE_BYTES: "1000000",
    NODE_ENV: "production",
    LOG_LEVEL: "DEBUG",
    DATA_DIR: "/srv/streamhub",
    HOST: "::1",
    HTTP_PORT: "80",
    RTMP_PORT: "1936",
    RTMPS_PORT: "443",
    TLS_CERT: "/c.pem",
    TLS_KEY: "/k.pem",
    RTMP_LIMITS: "maxConnections=2000, idleTimeout=20000",
    API_LIMITS: "perSecond=200,writesPerMinute=9",
    MEDIA_PORT: "0",
    DATABASE_URL: "postgresql://u:p@db/streamhub",
    REDIS_URL: "rediss://cache:6380/1",
    JWT_SECRET: SECRET,
    STREAM_KEY_SECRET: `k${SECRET}`,
    METRICS_TOKEN: `m${SECRET}`,
    INGEST_URL: "http://10.0.0.5:8080",
    MAX_PUBLISHERS: "40",
    DRAIN_SECONDS: "600",
    GATEWAY_TOKEN: "g".repeat(32),
    TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8,fd00::/8",
    RTMP_TRUSTED_PROXIES: "10.1.0.0/16",
    ON_PUBLISH_URL: "http://hooks/publish?token=1",
    ON_PUBLISH_DONE_URL: "http://hooks/publish-done",
    ON_PLAY_URL: "https://hooks/play",
    ON_PLAY_DONE_URL: "http://hooks/play-done",
    ON_UPDATE_URL: "http://hooks/update",
    ON_UPDATE_SECONDS: "10",
    CALLBACK_METHOD: "GET",
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example.org/otlp",
    OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%2Cb, x-team=live",
    OTEL_SERVICE_NAME: "ingest",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    SMTP_URL: "smtps://u:p@mail.example.org",
    MAIL_FROM: "StreamHub <live@example.org>",
    CORS_ORIGINS: "https://a.example.org/, http://localhost:5173",
    PUBLIC_URL: "https://live.example.org/",
    REMUXER: "native",
    RESTREAM_ANYWHERE: "true",
    FFMPEG_PATH: "/usr/bin/ffmpeg",
  });
  expect(env).toEqual({
    nodeEnv: "production",
    logLevel: "debug",
    dataDir: "/srv/streamhub",
    host: "::1",
    httpPort: 80,
    rtmpPort: 1936,
    rtmps: { port: 443, certFile: "/c.pem", keyFile: "/k.pem" },
    rtmpLimits: { maxConnections: 2000, idleTimeout: 20000 },
    apiLimits: { perSecond: 200, writesPerMinute: 9 },
    mediaPort: 0,
    databaseUrl: "postgresql://u:p@db/streamhub",
    redisUrl: "rediss://cache:6380/1",
    s3: { endpoint: S3.S3_ENDPOINT, bucket: "vod", accessKeyId: "id", secretAccessKey: "hush" },
    retention: { maxAgeDays: 30.5, maxBytes: 500 * 1024 ** 3, keepFreeBytes: 20 * 1024 ** 3, minFreeBytes: 1_000_000 },
    jwtSecret: SECRET,
    streamKeySecret: `k${SECRET}`,
    metricsToken: `m${SECRET}`,
    ingestNode: { url: "http://10.0.0.5:8080", maxPublishers: 40, drainSeconds: 600 },
    gatewayToken: "g".repeat(32),
    trustedProxies: ["127.0.0.1", "10.0.0.0/8", "fd00::/8"],
    rtmpTrustedProxies: ["10.1.0.0/16"],
    callbacks: {
      urls: {
        on_publish: "http://hooks/publish?token=1",
        on_publish_done: "http://hooks/publish-done",
        on_play: "https://hooks/play",
        on_play_done: "http://hooks/play-done",
        on_update: "http://hooks/update",
      },
      method: "get",
      updateSeconds: 10,
    },
    tracing: {
      endpoint: "https://collector.example.org/otlp",
      headers: { "x-api-key": "a,b", "x-team": "live" },
      serviceName: "ingest",
      ratio: 0.25,
    },
    mail: { url: "smtps://u:p@mail.example.org", from: "StreamHub <live@example.org>" },
    corsOrigins: ["https://a.example.org", "http://localhost:5173"],
    publicUrl: "https://live.example.org",
    remuxer: "native",
    restreamAnywhere: true,
    ffmpegPath: "/usr/bin/ffmpeg",
  });
});

const WRONG_VALUES: [VariableName, string[]][] = [
  ["NODE_ENV", ["staging"]],
  ["LOG_LEVEL", ["verbose"]],
  ["DATA_DIR", ["a\0b"]],
  ["HOST", ["http://0.0.0.0", "0.0.0.0:80", "-x", "a b"]],
  ["HTTP_PORT", ["-1", "65536", "80.5", "eighty", "0x50", "1e3"]],
  ["RTMP_PORT", ["99999"]],
  ["ON_PUBLISH_URL", ["ftp://hooks/publish", "hooks/publish"]],
  ["ON_UPDATE_SECONDS", ["0", "-1", "1.5"]],
  ["CALLBACK_METHOD", ["put"]],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", ["collector:4318", "grpc://collector"]],
  ["OTEL_EXPORTER_OTLP_HEADERS", ["secret", "a=b,c", "a=%zz"]],
  ["OTEL_TRACES_SAMPLER_ARG", ["1.5", "half", "-1"]],
  ["RTMP_LIMITS", ["2000", "a=b", "maxConnections=-1", "maxConnections=1;idleTimeout=2"]],
  ["API_LIMITS", ["2000", "perSecond=0", "persecond=5", "perSecond=1,constructor=3"]],
  ["MEDIA_PORT", ["8080/tcp"]],
  ["DATABASE_URL", ["mysql://db/x", "db:5432", "postgres:///x"]],
  ["REDIS_URL", ["http://redis", "redis"]],
  ["JWT_SECRET", ["short"]],
  ["STREAM_KEY_SECRET", ["short"]],
  ["METRICS_TOKEN", ["short"]],
  ["MAX_PUBLISHERS", ["-1", "many", "1.5", "1000000"]],
  ["DRAIN_SECONDS", ["-1", "soon"]],
  ["TRUSTED_PROXIES", ["proxy", "10.0.0.0/33", "1.2.3.4/8/8", "::1/129", "127.0.0.1,"]],
  ["SMTP_URL", ["mail.example.org:587", "http://mail"]],
  ["MAIL_FROM", ["StreamHub", "a@b <c@d> e", "two@a.example, b@b.example", "a@b\r\nBcc: c@d"]],
  ["CORS_ORIGINS", ["example.org", "https://a.example.org/path", "https://a.example.org,*"]],
  ["PUBLIC_URL", ["live.example.org", "https://example.org/live", "ftp://example.org", "https://u:p@example.org"]],
  ["REMUXER", ["gstreamer", "1"]],
  ["RESTREAM_ANYWHERE", ["yes", "1"]],
  ["RECORDING_MAX_AGE_DAYS", ["0", "-1", "a week"]],
  ["RECORDING_MAX_BYTES", ["half", "-5G", "5X", "99999999999999"]],
  ["FFMPEG_PATH", ["\0"]],
];

describe("a wrong value names its variable and nothing else", () => {
  for (const [name, values] of WRONG_VALUES) {
    test.each(values)(`${name}=%j`, (value) => expect(wrong({ [name]: value })).toEqual([name]));
  }
  test("RTMPS_PORT", () => expect(wrong({ RTMPS_PORT: "x", TLS_CERT: "c", TLS_KEY: "k" })).toEqual(["RTMPS_PORT"]));
  test("S3_ENDPOINT", () => expect(wrong({ ...S3, S3_ENDPOINT: "s3" })).toEqual(["S3_ENDPOINT"]));
});

test("all wrong variables are reported at once, one sentence each, without their values", () => {
  const attempt = () =>
    readEnv({ HTTP_PORT: "no-port", JWT_SECRET: "hunter2", DATABASE_URL: "mysql://root:hunter3@db" });
  expect(attempt).toThrow(EnvError);
  try {
    attempt();
  } catch (error) {
    const lines = (error as EnvError).message.split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["HTTP_PORT", "DATABASE_URL", "JWT_SECRET"]);
    for (const line of lines) expect(line).toMatch(/^[A-Z0-9_]+ must .+\.$/);
    expect(lines.join()).not.toMatch(/hunter|no-port/);
  }
});

describe("variables that belong together", () => {
  test("letters need a sender, and an address that their links begin with", () => {
    expect(wrong({ SMTP_URL: "smtp://mail" })).toEqual(["MAIL_FROM", "PUBLIC_URL"]);
    expect(wrong({ SMTP_URL: "smtp://mail", MAIL_FROM: "a@b.example", PUBLIC_URL: "https://b.example" })).toEqual([]);
  });
  test("RTMPS_PORT needs both files", () => {
    expect(wrong({ RTMPS_PORT: "443" })).toEqual(["TLS_CERT", "TLS_KEY"]);
    expect(wrong({ RTMPS_PORT: "443", TLS_CERT: "c" })).toEqual(["TLS_KEY"]);
  });
  test("one TLS file alone is a mistake, both without RTMPS_PORT are not", () => {
    expect(wrong({ TLS_CERT: "c" })).toEqual(["TLS_KEY"]);
    expect(wrong({ TLS_KEY: "k" })).toEqual(["TLS_CERT"]);
    expect(readEnv({ TLS_CERT: "c", TLS_KEY: "k" }).rtmps).toBeNull();
  });
  test("S3 is all or nothing", () => {
    for (const left of Object.keys(S3)) expect(wrong({ ...S3, [left]: "" })).toEqual([left as VariableName]);
  });
  test("listeners of one process can't share a port, except 0", () => {
    expect(wrong({ HTTP_PORT: "1935" })).toEqual(["RTMP_PORT"]);
    expect(wrong({ RTMPS_PORT: "8000", TLS_CERT: "c", TLS_KEY: "k" })).toEqual(["RTMPS_PORT"]);
    expect(wrong({ HTTP_PORT: "0", RTMP_PORT: "0" })).toEqual([]);
    expect(wrong({ HTTP_PORT: "8080" })).toEqual([]);
  });
  test("a production split over processes needs JWT_SECRET", () => {
    expect(wrong({ NODE_ENV: "production" })).toEqual([]);
    expect(wrong({}, { partsRunApart: true })).toEqual([]);
    expect(wrong({ NODE_ENV: "production" }, { partsRunApart: true })).toEqual(["JWT_SECRET"]);
    expect(wrong({ NODE_ENV: "production", JWT_SECRET: SECRET }, { partsRunApart: true })).toEqual([]);
  });
});
