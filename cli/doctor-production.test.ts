import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "@streamhub/api/env";
import fc from "fast-check";
import {
  backupCheck,
  certificateCheck,
  clockCheck,
  openFilesCheck,
  roomCheck,
  settingsChecks,
  versionCheck,
} from "./doctor-production.ts";
import { makeCertificate } from "./topology/gateway-files.ts";

const HOUR = 3_600_000;
const SECRET = "0123456789abcdef0123456789abcdef-secret";

const states = (record: Record<string, string>, uid = 1000) =>
  Object.fromEntries(settingsChecks(readEnv(record), uid).map(({ name, state }) => [name, state]));

describe("settings", () => {
  test("of nothing set, what matters on the internet is said", () => {
    expect(states({})).toEqual({
      PUBLIC_URL: "fail",
      proxies: "ok",
      secret: "ok",
      metrics: "ok",
      rtmps: "warn",
      postgres: "warn",
      log: "ok",
      user: "ok",
    });
  });

  test("a platform of several processes that is set up well", () => {
    const good = {
      PUBLIC_URL: "https://live.example.org",
      TRUSTED_PROXIES: "10.0.0.0/8",
      RTMP_TRUSTED_PROXIES: "10.0.0.0/8",
      DATABASE_URL: "postgres://u:p@db/streamhub",
      REDIS_URL: "redis://redis:6379",
      JWT_SECRET: SECRET,
      METRICS_TOKEN: SECRET,
    };
    expect(new Set(Object.values(states(good)))).toEqual(new Set(["ok"]));
    expect(states({ ...good, PUBLIC_URL: "http://live.example.org" })).toMatchObject({ PUBLIC_URL: "fail" });
    expect(states({ ...good, JWT_SECRET: "" })).toMatchObject({ secret: "fail" });
    expect(states({ ...good, DATABASE_URL: "" })).toMatchObject({ postgres: "fail" });
    expect(states({ ...good, TRUSTED_PROXIES: "" })).toMatchObject({ proxies: "warn" });
    expect(states({ ...good, METRICS_TOKEN: "" })).toMatchObject({ metrics: "warn" });
    expect(states({ ...good, LOG_LEVEL: "debug" })).toMatchObject({ log: "warn" });
    expect(states(good, 0)).toMatchObject({ user: "warn" });
  });

  test("no line has a secret in it, and each that is not ok says what to do", () => {
    const record = { JWT_SECRET: SECRET, METRICS_TOKEN: SECRET, DATABASE_URL: "postgres://u:hunter2@db/streamhub" };
    const checks = settingsChecks(readEnv(record), 0);
    expect(JSON.stringify(checks)).not.toMatch(/hunter2|0123456789abcdef/);
    for (const { state, mend } of checks) expect(mend === undefined).toBe(state === "ok");
  });
});

test("a certificate: its days, its name, and what is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-certificate-"));
  const pem = readFileSync((await makeCertificate(folder)).cert, "utf8");
  rmSync(folder, { recursive: true });
  const now = Date.now();
  const at = (days: number, publicUrl: string | null = "https://localhost") =>
    certificateCheck(pem, publicUrl, now + days * 24 * HOUR);
  // Made for thirty days.
  expect(at(0)).toMatchObject({ state: "ok", found: "good for 29 days" });
  expect(at(0, null)).toMatchObject({ state: "ok" });
  expect(at(15)).toMatchObject({ state: "warn" });
  expect(at(31)).toMatchObject({ state: "fail" });
  expect(at(0, "https://other.example.org")).toMatchObject({ state: "warn", found: "it is not for other.example.org" });
  expect(certificateCheck("no certificate", null, now)).toMatchObject({ state: "fail" });
  expect(certificateCheck(null, null, now)).toBeNull();
});

test("a backup ages: fine for a day and a half, then warned of", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  expect(backupCheck(null, now).state).toBe("warn");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000 }), (hours) => {
      expect(backupCheck(new Date(now - hours * HOUR), now).state).toBe(hours <= 36 ? "ok" : "warn");
    }),
  );
});

test("clocks, open files, room and ffmpeg have their bounds", () => {
  expect([0, 2_000, -2_000, 2_001, -60_000].map((apart) => clockCheck(apart).state)).toEqual([
    "ok",
    "ok",
    "ok",
    "fail",
    "fail",
  ]);
  expect([1_024, 16_384, Number.POSITIVE_INFINITY, null].map((limit) => openFilesCheck(limit).state)).toEqual([
    "warn",
    "ok",
    "ok",
    "ok",
  ]);
  const forEver = readEnv({});
  const bounded = readEnv({ RECORDING_MAX_AGE_DAYS: "30" });
  expect(roomCheck(1024 ** 4, forEver).state).toBe("warn");
  expect(roomCheck(1024 ** 4, bounded).state).toBe("ok");
  expect(roomCheck(1024 ** 3, bounded).state).toBe("warn");
  expect(
    ["5.1.6-0+deb12u1", "7.1", "n7.0.2", "8.0", "git-2026-01-01"].map((version) => versionCheck(version)!.state),
  ).toEqual(["warn", "ok", "ok", "ok", "ok"]);
  expect(versionCheck(null)).toBeNull();
});
