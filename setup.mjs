#!/usr/bin/env node
/**
 * The one door for a fresh machine that has only Node and npm: installs what is missing, then hands over to Bun.
 * `npm start` = `node setup.mjs serve …`, `npm test` = `node setup.mjs test`. Plain Node, no package: it runs before any is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const bun = join(root, "node_modules", ".bin", "bun");
const say = (text) => process.stderr.write(`${text}\n`);

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

/** SHA-256 over the contents of files and folders, in a stable order. */
function digest(paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort())
        if (name !== "node_modules" && name !== "dist") add(join(path, name));
    } else {
      hash.update(path.slice(root.length)).update(readFileSync(path));
    }
  };
  for (const path of paths) add(join(root, path));
  return hash.digest("hex");
}

/** Runs `step` unless it succeeded before for the same `inputs`. */
function once(name, inputs, stillThere, step) {
  const stamp = join(root, ".cache", `${name}.sha256`);
  const wanted = digest(inputs);
  if (stillThere() && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(stamp, { force: true });
  step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Its output goes to stderr: stdout belongs to the command behind the door (`--json`). */
function run(command, args, sentence, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", process.stderr, process.stderr],
    ...options,
  });
  if (error || status !== 0) fail(`${sentence}${error ? ` (${error.message})` : ""}`);
}

const onPath = (name) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, name)));

const manifests = [
  "package.json",
  "bun.lock",
  "api/package.json",
  "db/package.json",
  "ingest/package.json",
  "web/package.json",
];

function installPackages() {
  const { bun: version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies;
  once(
    "packages",
    manifests,
    () => existsSync(bun),
    () => {
      say("Installing packages …");
      run(
        "npx",
        ["--yes", `bun@${version}`, "install", "--frozen-lockfile"],
        "The packages could not be installed: check the network and the npm registry setting, then run the same command again.",
      );
    },
  );
}

/** What a command of root begins with: nothing for root itself, else a sudo that asks nothing. Null where the system's packages are not ours to install. */
function asRoot() {
  if (!onPath("apt-get")) return null;
  if (process.getuid?.() === 0) return [];
  if (onPath("sudo") && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0) return ["sudo", "-n"];
  return null;
}

/** The packages are its arguments. What is a service is not started: this project runs its own, on its own ports. */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
# An index that is a little stale still installs; one that is missing is told by the install itself.
apt-get update -qq || true
apt-get install -y -qq --no-install-recommends "$@"`;

/** Installs the Debian packages whose program or file is missing; false when that is not possible here. */
function installSystem(wanted) {
  const missing = wanted.filter(({ program, file }) => (file ? !existsSync(file) : !onPath(program)));
  if (missing.length === 0) return true;
  const prefix = asRoot();
  if (prefix === null) return false;
  const names = missing.map(({ name }) => name);
  say(`Installing ${names.join(", ")} from the system's packages …`);
  const [command, ...args] = [...prefix, "sh", "-c", INSTALL, "sh", ...names];
  return spawnSync(command, args, { cwd: root, stdio: ["ignore", process.stderr, process.stderr] }).status === 0;
}

const FFMPEG = { program: "ffmpeg", name: "ffmpeg" };

function needFfmpeg() {
  if (process.env.FFMPEG_PATH || installSystem([FFMPEG])) return;
  say(
    "ffmpeg is missing and can't be installed from here: there will be no thumbnails, quality levels and downloads. Install it (Debian, Ubuntu: sudo apt-get " +
      "install ffmpeg; Fedora: sudo dnf install ffmpeg; macOS: brew install ffmpeg), or set FFMPEG_PATH to an ffmpeg, then run the same command again.",
  );
}

function buildSite() {
  const inputs = ["web/src", "web/public", "web/index.html", "web/vite.config.ts", "api/src", "bun.lock"];
  once(
    "site",
    inputs,
    () => existsSync(join(root, "web/dist/index.html")),
    () => {
      say("Building the site …");
      run(
        bun,
        ["run", "--cwd", "web", "build", "--logLevel", "error"],
        "The site could not be built: the lines above say why.",
      );
    },
  );
}

/** Becomes the command as far as a parent can: same terminal, signals passed on, same exit code. */
function become(command, args) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${dirname(bun)}${delimiter}${process.env.PATH}` },
  });
  // Ctrl-C reaches the child by itself (same process group); we only must not die before it.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`Bun could not be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

const [command = "serve", ...args] = process.argv.slice(2);
if (Number(process.versions.node.split(".")[0]) < 20)
  fail(`Node ${process.versions.node} is too old: StreamHub needs Node 20 or newer to set itself up.`);
installPackages();
if (command === "test") {
  const tools = [
    FFMPEG,
    { program: "chromium", name: "chromium" },
    { program: "openssl", name: "openssl" },
    { program: "envsubst", name: "gettext-base" },
    { program: "curl", name: "curl" },
    { program: "setpriv", name: "util-linux" },
    { program: "redis-server", name: "redis-server" },
    // A peer, as a process of the tests' own; not on the path of everybody.
    { file: "/usr/sbin/nginx", name: "nginx" },
    { file: "/usr/lib/nginx/modules/ngx_rtmp_module.so", name: "libnginx-mod-rtmp" },
    { file: "/usr/lib/nginx/modules/ngx_stream_module.so", name: "libnginx-mod-stream" },
    { file: "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so", name: "libnginx-mod-http-brotli-filter" },
    { program: "prometheus", name: "prometheus" },
    { program: "prometheus-node-exporter", name: "prometheus-node-exporter" },
    { program: "prometheus-postgres-exporter", name: "prometheus-postgres-exporter" },
    { program: "prometheus-redis-exporter", name: "prometheus-redis-exporter" },
  ];
  if (!installSystem(tools)) {
    fail(
      "The tests need ffmpeg, Chromium, openssl, envsubst, curl, setpriv, redis-server, nginx with its RTMP, stream and brotli modules, and Prometheus with its exporters: " +
        "sudo apt-get install ffmpeg chromium openssl gettext-base curl util-linux redis-server nginx libnginx-mod-rtmp libnginx-mod-stream libnginx-mod-http-brotli-filter prometheus prometheus-node-exporter prometheus-postgres-exporter prometheus-redis-exporter, then run npm test again.",
    );
  }
  buildSite();
  become(bun, [join(".ci", "checks.ts"), ...args]);
} else {
  if (command === "serve" || command === "demo") needFfmpeg();
  buildSite();
  become(bun, ["streamhub.ts", command, ...args]);
}
