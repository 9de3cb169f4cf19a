import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ENV_VARIABLES } from "@streamhub/api/env";
import { type DatabaseHandle, openDatabase } from "@streamhub/db";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import { makeDataDir, removeDataDir, streamhub } from "./e2e/server.ts";
import { makeLog } from "./log.ts";

setDefaultTimeout(60_000);

const dataDir = makeDataDir();
let database: DatabaseHandle;
// As beside a running server: the commands find the database open.
beforeAll(async () => {
  database = await openDatabase({ dataDir, log: makeLog("silent") });
});
afterAll(async () => {
  await database.close();
  removeDataDir(dataDir);
});
const env = { DATA_DIR: dataDir, LOG_LEVEL: "info" };

describe("help", () => {
  test("--help lists every command, and each command explains itself", async () => {
    const { stdout, code } = await streamhub(["--help"]);
    expect(code).toBe(0);
    const commands = /streamhub ((?:[a-z]+\|)+[a-z]+)/.exec(stdout)![1]!.split("|");
    expect(commands).toEqual([
      "serve",
      "demo",
      "api",
      "ingest",
      "migrate",
      "seed",
      "user",
      "channel",
      "backup",
      "restore",
      "bench",
      "check",
      "doctor",
    ]);
    for (const command of commands) {
      const help = await streamhub([command, "--help"]);
      expect({ command, code: help.code }).toEqual({ command, code: 0 });
      expect(help.stdout.length).toBeGreaterThan(80);
      expect(help.stdout).not.toContain("\u001b[");
    }
  });

  test("a wrong command or option says what there is", async () => {
    const command = await streamhub(["sevre"]);
    expect(command.code).toBe(2);
    expect(command.stderr).toContain('no command "sevre"');
    const option = await streamhub(["serve", "--dmeo"]);
    expect(option.code).toBe(2);
    expect(option.stderr).toContain("There is no option --dmeo");
  });

  test(".env.example names every variable, once, in the schema's order", async () => {
    const text = await Bun.file(join(import.meta.dir, "..", ".env.example")).text();
    const names = [...text.matchAll(/^#([A-Z0-9_]+)=/gm)].map((match) => match[1]!);
    expect(names.filter((name) => !ENV_VARIABLES.some((variable) => variable.name === name))).toEqual([]);
    expect([...names].sort()).toEqual(ENV_VARIABLES.map((variable) => variable.name).sort());
  });
});

describe("accounts and channels", () => {
  test("a wrong setting stops the start with a sentence and without a stack", async () => {
    const { code, stderr, stdout } = await streamhub(["serve"], { env: { ...env, HTTP_PORT: "http" } });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim()).toMatch(/^HTTP_PORT must be [^\n]+$/);
  });

  test("user create, channel create, channel key, channel claim", async () => {
    const user = await streamhub(
      [
        "user",
        "create",
        "--username",
        "ada",
        "--email",
        "ada@example.org",
        "--password-stdin",
        "--role",
        "admin",
        "--json",
      ],
      {
        env,
        stdin: "correct horse battery\n",
      },
    );
    expect(user.stderr).toBe("");
    expect(JSON.parse(user.stdout)).toMatchObject({ username: "ada", role: "admin" });
    expect(user.stdout).not.toContain("argon2");

    const channel = await streamhub(
      ["channel", "create", "--slug", "music", "--title", "Music", "--user", "ada", "--json"],
      { env },
    );
    const { streamKey } = JSON.parse(channel.stdout);
    expect(streamKey).toMatch(/^[\w-]{32,}$/);
    const key = await streamhub(["channel", "key", "music"], { env });
    expect(key.stdout).toBe(`${streamKey}\n`);

    const nobody = await streamhub(["channel", "create", "--slug", "main", "--title", "Main"], { env });
    expect(nobody.code).toBe(0);
    const claim = await streamhub(["channel", "claim", "main", "--user", "ada"], { env });
    expect(claim.stdout).toContain("ada owns the channel main");
    const again = await streamhub(["channel", "claim", "music", "--user", "nobody"], { env });
    expect(again.code).toBe(1);
    expect(again.stderr.trim()).toBe("There is no account nobody.");
  });

  test("user role, user password", async () => {
    const create = async (username: string) => {
      const words = [
        "user",
        "create",
        "--username",
        username,
        "--email",
        `${username}@example.org`,
        "--password-stdin",
      ];
      expect(await streamhub(words, { env, stdin: "correct horse battery\n" })).toMatchObject({ code: 0 });
    };
    await create("grace");
    const admin = await streamhub(["user", "role", "Grace", "admin", "--json"], { env });
    expect(JSON.parse(admin.stdout)).toMatchObject({ username: "grace", role: "admin" });
    const back = await streamhub(["user", "role", "grace", "user"], { env });
    expect(back.stdout).toBe("grace is user now.\n");
    // Ada, of the test before, is the only one left.
    const last = await streamhub(["user", "role", "ada", "user", "--json"], { env });
    expect([last.code, JSON.parse(last.stdout).error.code]).toEqual([1, "database.last-admin"]);
    const wrong = await streamhub(["user", "role", "grace", "king"], { env });
    expect([wrong.code, wrong.stderr]).toEqual([2, "The role must be one of user, moderator, admin.\n"]);

    const { sql } = database;
    const hash = async () =>
      (await sql`select hashed_password as h from users where username = 'grace'`)[0]!.h as string;
    const before = await hash();
    const set = await streamhub(["user", "password", "grace", "--password-stdin"], {
      env,
      stdin: "another four words here\n",
    });
    expect([set.code, set.stdout]).toEqual([0, "grace has a new password, and is signed out everywhere.\n"]);
    expect(await hash()).not.toBe(before);
    expect(await Bun.password.verify("another four words here", await hash())).toBe(true);
    const nobody = await streamhub(["user", "password", "owner", "--password-stdin"], {
      env,
      stdin: "another four words here\n",
    });
    expect(nobody.code).toBe(1);
  });

  test.each([
    ["--username", "a", "x@example.org", "correct horse battery"],
    ["--username", "ада\u200b", "x@example.org", "correct horse battery"],
    ["--username", "-x-", "x@example.org", "correct horse battery"],
    ["--email", "harry", "no-address", "correct horse battery"],
    ["among the first", "harry", "x@example.org", "password123"],
    ["name or the address", "harry-potter", "x@example.org", "Harry-Potter"],
    ["one line", "harry", "x@example.org", "two\nlines of it"],
  ])("the rules of the API hold at the command line: %s", async (says, username, email, password) => {
    const words = ["user", "create", `--username=${username}`, "--email", email, "--password-stdin"];
    const { code, stderr } = await streamhub(words, { env, stdin: `${password}\n` });
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test("bad input is refused with what to change", async () => {
    const short = await streamhub(
      ["user", "create", "--username", "bob", "--email", "b@example.org", "--password-stdin"],
      { env, stdin: "1234\n" },
    );
    expect([short.code, short.stderr]).toEqual([2, "The password must have at least 8 characters.\n"]);
    const slug = await streamhub(["channel", "create", "--slug", "Bad Slug", "--title", "x"], { env });
    expect(slug.code).toBe(1);
    expect(slug.stderr).toContain("lower-case");
    const unknown = await streamhub(["channel", "key", "nowhere", "--json"], { env });
    expect(JSON.parse(unknown.stdout).error.code).toBe("database.no-such-channel");
  });

  test("a command with another secret than the server's makes no key that would open nothing", async () => {
    const other = { ...env, STREAM_KEY_SECRET: "another secret of 32 characters and more" };
    const made = await streamhub(["channel", "create", "--slug", "lost", "--title", "Lost"], { env: other });
    expect([made.code, made.stdout]).toEqual([1, ""]);
    expect(made.stderr).toContain("Set STREAM_KEY_SECRET");
    const key = await streamhub(["channel", "key", "music", "--json"], { env: other });
    expect(JSON.parse(key.stdout).error.code).toBe("database.stream-key-unreadable");
  });

  test("seed twice adds nothing the second time", async () => {
    const first = await streamhub(["seed", "--json"], { env });
    expect(JSON.parse(first.stdout).created).toContain("demo");
    const second = await streamhub(["seed", "--json"], { env });
    expect(JSON.parse(second.stdout)).toEqual({ created: [] });
  });
});

describe("doctor", () => {
  test("prints a check per line and finds nothing to mend here", async () => {
    const { stdout, code } = await streamhub(["doctor"], { env: { ...env, HTTP_PORT: "0", RTMP_PORT: "0" } });
    expect(stdout).not.toContain("FAIL");
    expect(code).toBe(0);
    const names = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/)[1]!);
    for (const name of [
      "bun",
      "environment",
      "ffmpeg",
      "codecs",
      "encoder",
      "site",
      "disk",
      "HTTP_PORT",
      "RTMP_PORT",
      "database",
      "bus",
    ])
      expect(names).toContain(name);
  });

  test("with ffmpeg hidden from PATH it says what is off and how to get it", async () => {
    // Everything else that a start needs stays reachable.
    const bin = join(dataDir, "bin");
    mkdirSync(bin, { recursive: true });
    for (const tool of [
      "sh",
      "env",
      "id",
      "setpriv",
      "useradd",
      "chown",
      "cp",
      "cat",
      "ps",
      "kill",
      "sleep",
      "ls",
      "readlink",
      "getent",
    ]) {
      const found = Bun.which(tool);
      if (found !== null) symlinkSync(found, join(bin, tool));
    }
    const { stdout, code } = await streamhub(["doctor"], {
      env: { ...env, HTTP_PORT: "0", RTMP_PORT: "0", PATH: bin },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/ffmpeg .*without thumbnails, quality levels and downloads[\s\S]*apt-get install ffmpeg/);
  });

  test("a Redis is looked at; one that is away is said, without its password", async () => {
    const redis = await startScratchRedis();
    const look = async () => {
      const { stdout, code } = await streamhub(["doctor", "--json"], {
        env: { ...env, HTTP_PORT: "0", RTMP_PORT: "0", REDIS_URL: redis.url.replace("//", "//:hunter2@") },
      });
      expect(stdout).not.toContain("hunter2");
      const check = JSON.parse(stdout).checks.find((entry: { name: string }) => entry.name === "bus");
      return { code, ...check };
    };
    await redis.ask("CONFIG", "SET", "requirepass", "hunter2");
    expect(await look()).toMatchObject({ code: 0, state: "ok" });
    await redis.close();
    expect(await look()).toMatchObject({ code: 1, state: "fail", mend: expect.stringContaining("REDIS_URL") });
  });

  test("for production it also looks at what the internet asks for, and does not pass what is missing", async () => {
    const { stdout, code } = await streamhub(["doctor", "--production", "--json"], {
      env: { ...env, HTTP_PORT: "0", RTMP_PORT: "0" },
    });
    const checks = JSON.parse(stdout).checks as { name: string; state: string }[];
    expect(checks.find(({ name }) => name === "PUBLIC_URL")?.state).toBe("fail");
    expect(checks.find(({ name }) => name === "clock")?.state).toBe("ok");
    expect(checks.find(({ name }) => name === "backup")?.state).toBe("warn");
    expect(code).toBe(1);
  });

  test("a port in use is said", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { stdout } = await streamhub(["doctor", "--json"], {
      env: { ...env, HOST: "127.0.0.1", HTTP_PORT: "0", RTMP_PORT: String(taken.port) },
    });
    taken.stop(true);
    const check = JSON.parse(stdout).checks.find((entry: { name: string }) => entry.name === "RTMP_PORT");
    expect(check).toMatchObject({ state: "warn" });
    expect(check.found).toContain("in use");
  });
});
