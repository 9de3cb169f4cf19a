/** What a machine on the internet needs beyond what starts: addresses, secrets, certificates, room, backups. */
import { X509Certificate } from "node:crypto";
import { readFileSync, statfsSync } from "node:fs";
import type { Env } from "@streamhub/api/env";
import type { Database, Sql } from "@streamhub/db";
import { probeFfmpeg } from "@streamhub/ingest/remux/ffmpeg-probe";
import { lastBackup } from "./backup/last-backup.ts";
import type { Check } from "./doctor-line.ts";

const DAY = 86_400_000;
/** Certificates of public authorities are renewed a month before they end: less left means that nobody renews. */
const CERTIFICATE_DAYS = 20;
const BACKUP_HOURS = 36;
/** Sockets, segments and children: a thousand viewers need some thousand. */
const OPEN_FILES = 16_384;
/** Tokens and signatures of media are good for minutes. */
const CLOCK_SECONDS = 2;
/** A day of one broadcast at 6 Mbit/s is 65 GB. */
const FREE_BYTES = 20 * 1024 ** 3;
/** The first that reads HEVC, AV1 and Opus from E-RTMP. */
const FFMPEG_MAJOR = 7;

const ok = (name: string, found: string): Check => ({ name, state: "ok", found });
const warn = (name: string, found: string, mend: string): Check => ({ name, state: "warn", found, mend });
const fail = (name: string, found: string, mend: string): Check => ({ name, state: "fail", found, mend });

/** What the environment alone tells. */
export function settingsChecks(env: Env, uid: number | undefined): Check[] {
  return [
    addressOf(env),
    proxiesOf(env),
    secretOf(env),
    metricsOf(env),
    rtmpOf(env),
    databaseOf(env),
    logOf(env),
    userOf(uid),
  ];
}

function addressOf({ publicUrl }: Env): Check {
  const name = "PUBLIC_URL";
  if (publicUrl === null)
    return fail(
      name,
      "not set: links, feeds and cookies follow whatever address a request names",
      "Set it to the site's address, such as https://live.example.org",
    );
  if (publicUrl.startsWith("https://")) return ok(name, `${publicUrl}: cookies are sent over TLS alone`);
  return fail(
    name,
    `${publicUrl} is not TLS: passwords and tokens can be read on their way`,
    "Put a proxy with a certificate before it (deploy/nginx) and begin PUBLIC_URL with https://",
  );
}

function proxiesOf({ publicUrl, trustedProxies }: Env): Check {
  const name = "proxies";
  if (trustedProxies.length > 0) return ok(name, "TRUSTED_PROXIES is set: limits count each client");
  return publicUrl?.startsWith("https://") === true
    ? warn(
        name,
        "TRUSTED_PROXIES is not set: behind a proxy all viewers count as one client and share its limits",
        "Name the proxy's address in TRUSTED_PROXIES",
      )
    : ok(name, "no proxy is expected");
}

function secretOf({ jwtSecret, redisUrl }: Env): Check {
  const name = "secret";
  if (jwtSecret !== null) return ok(name, "JWT_SECRET is set");
  return redisUrl === null
    ? ok(name, "made at the first start and kept in DATA_DIR; `streamhub backup` takes it along")
    : fail(
        name,
        "JWT_SECRET is not set, and several processes share this bus: each would sign with its own",
        "Set the same JWT_SECRET (or JWT_SECRET_FILE) for all",
      );
}

function metricsOf({ metricsToken, trustedProxies }: Env): Check {
  const name = "metrics";
  if (metricsToken !== null) return ok(name, "/metrics asks for METRICS_TOKEN");
  return trustedProxies.length === 0
    ? ok(name, "/metrics answers this machine alone")
    : warn(
        name,
        "METRICS_TOKEN is not set: only a Prometheus on this machine can scrape",
        "Set METRICS_TOKEN, or leave it if that is what you want",
      );
}

function rtmpOf({ rtmps, rtmpTrustedProxies }: Env): Check {
  const name = "rtmps";
  if (rtmps !== null) return ok(name, `encoders can connect over TLS on port ${rtmps.port}`);
  return rtmpTrustedProxies.length > 0
    ? ok(name, "a gateway ends TLS for encoders")
    : warn(
        name,
        "off: stream keys cross the network in the clear",
        "Set RTMPS_PORT, TLS_CERT and TLS_KEY, and give streamers the rtmps:// address",
      );
}

function databaseOf({ databaseUrl, redisUrl }: Env): Check {
  const name = "postgres";
  if (databaseUrl !== null) return ok(name, "an outside PostgreSQL");
  return redisUrl === null
    ? warn(name, "the embedded one: good for one machine that is backed up", "For more than that set DATABASE_URL")
    : fail(name, "the embedded one, which no other machine can reach", "Set DATABASE_URL to one PostgreSQL for all");
}

function logOf({ logLevel }: Env): Check {
  const name = "log";
  return logLevel === "trace" || logLevel === "debug"
    ? warn(name, `LOG_LEVEL=${logLevel} writes for every request`, "Set LOG_LEVEL=info")
    : ok(name, `LOG_LEVEL=${logLevel}`);
}

function userOf(uid: number | undefined): Check {
  const name = "user";
  return uid === 0
    ? warn(
        name,
        "root: a hole in the server or in ffmpeg would be one in the machine",
        "Run it as a user of its own; ports above 1023 need no root",
      )
    : ok(name, "not root");
}

/** `pem` null: RTMPS is off, or the file can't be read, which another line says. */
export function certificateCheck(pem: string | null, publicUrl: string | null, now: number): Check | null {
  if (pem === null) return null;
  const name = "certificate";
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return fail(
      name,
      "TLS_CERT holds no certificate",
      "Let it name a PEM file that begins with the server's own certificate, then those of its issuers",
    );
  }
  const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY);
  if (days < 0) return fail(name, "it has run out: encoders refuse it", "Renew it and restart");
  const host = publicUrl === null ? null : new URL(publicUrl).hostname;
  if (host !== null && certificate.checkHost(host) === undefined)
    return warn(name, `it is not for ${host}`, "Get one for the name that encoders are given");
  return days < CERTIFICATE_DAYS
    ? warn(name, `it ends in ${days} days`, "Renew it; see why that does not happen by itself")
    : ok(name, `good for ${days} days`);
}

export function openFilesCheck(limit: number | null): Check {
  const name = "open files";
  if (limit === null) return ok(name, "this system does not say");
  return limit >= OPEN_FILES
    ? ok(name, `${limit === Number.POSITIVE_INFINITY ? "no limit" : `up to ${limit}`}`)
    : warn(
        name,
        `no more than ${limit}: each viewer and encoder needs one or two`,
        `Raise it: LimitNOFILE=${OPEN_FILES} in a systemd unit, ulimit -n ${OPEN_FILES} in a shell`,
      );
}

export function clockCheck(apartMs: number): Check {
  const name = "clock";
  const apart = `${(Math.abs(apartMs) / 1000).toFixed(1)} s from the database's`;
  return Math.abs(apartMs) <= CLOCK_SECONDS * 1000
    ? ok(name, apart)
    : fail(
        name,
        `${apart}: tokens are refused, and latency is measured wrongly`,
        "Keep both by NTP (timedatectl set-ntp true)",
      );
}

export function backupCheck(last: Date | null, now: number): Check {
  const name = "backup";
  const mend = "Let cron or a systemd timer run: streamhub backup FOLDER --keep 7 (docs/operations.md)";
  if (last === null) return warn(name, "`streamhub backup` never ran with this database", mend);
  const hours = Math.floor((now - last.getTime()) / 3_600_000);
  return hours <= BACKUP_HOURS
    ? ok(name, `${hours} hours old`)
    : warn(name, `${Math.floor(hours / 24)} days old`, mend);
}

export function roomCheck(free: number, env: Pick<Env, "retention" | "s3">): Check {
  const name = "room";
  const { maxAgeDays, maxBytes, keepFreeBytes } = env.retention;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free for recordings`;
  if (maxAgeDays === null && maxBytes === null && (keepFreeBytes === null || env.s3 !== null))
    return warn(
      name,
      "recordings are kept for ever",
      "Set RECORDING_MAX_AGE_DAYS, RECORDING_MAX_BYTES or, for the disk, RECORDING_KEEP_FREE_BYTES (docs/recordings.md)",
    );
  if (env.s3 !== null) return ok(name, "recordings go to a bucket and are removed in time");
  return free >= FREE_BYTES
    ? ok(name, found)
    : warn(name, found, "Give DATA_DIR a larger disk, or recordings a bucket (S3_…)");
}

export function versionCheck(version: string | null): Check | null {
  if (version === null) return null;
  const name = "ffmpeg 7";
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? Number.NaN);
  // A build from a checkout names no number.
  return !(major < FFMPEG_MAJOR)
    ? ok(name, `ffmpeg ${version}`)
    : warn(
        name,
        `ffmpeg ${version} makes no thumbnails or quality levels of HEVC, AV1 and VP9 that come by RTMP`,
        `Install ffmpeg ${FFMPEG_MAJOR} or newer, if streamers send those`,
      );
}

/** Soft limit of this process; null where the system has no such file. */
function openFiles(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? null : soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return null;
  }
}

function pemOf({ rtmps }: Env): string | null {
  try {
    return rtmps === null ? null : readFileSync(rtmps.certFile, "utf8");
  } catch {
    return null;
  }
}

/** What the database tells. */
export async function storedChecks(db: Database, sql: Sql): Promise<Check[]> {
  const [row] = await sql<{ at: number }[]>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as at`;
  const now = Date.now();
  return [clockCheck(row!.at - now), backupCheck(await lastBackup(db), now)];
}

/** What the environment and the machine tell. DATA_DIR must be there. */
export async function productionChecks(env: Env): Promise<Check[]> {
  const { bavail, bsize } = statfsSync(env.dataDir);
  const ffmpeg = await probeFfmpeg(env.ffmpegPath ?? "ffmpeg").catch(() => null);
  return [
    ...settingsChecks(env, process.getuid?.()),
    certificateCheck(pemOf(env), env.publicUrl, Date.now()),
    openFilesCheck(openFiles()),
    roomCheck(bavail * bsize, env),
    versionCheck(ffmpeg?.version ?? null),
  ].filter((check) => check !== null);
}
