#!/usr/bin/env bun
/** The command line. Each command is a file of `cli/`, loaded when it is called; `cli/` is also where the parts are wired together. */
import { defineCommand } from "citty";
import { main } from "./cli/main.ts";
import { version } from "./package.json";

const streamhub = defineCommand({
  meta: {
    name: "streamhub",
    version,
    description:
      "Self-hosted live streaming: RTMP in, HLS and DASH out. `streamhub COMMAND --help` explains a command.",
  },
  subCommands: {
    serve: () => import("./cli/serve.ts").then((module) => module.serveCommand),
    demo: () => import("./cli/serve.ts").then((module) => module.demoCommand),
    api: () => import("./cli/api.ts").then((module) => module.apiCommand),
    ingest: () => import("./cli/ingest.ts").then((module) => module.ingestCommand),
    migrate: () => import("./cli/migrate.ts").then((module) => module.migrateCommand),
    seed: () => import("./cli/seed.ts").then((module) => module.seedCommand),
    user: () => import("./cli/user.ts").then((module) => module.userCommand),
    channel: () => import("./cli/channel.ts").then((module) => module.channelCommand),
    backup: () => import("./cli/backup/backup.ts").then((module) => module.backupCommand),
    restore: () => import("./cli/backup/restore.ts").then((module) => module.restoreCommand),
    bench: () => import("./cli/bench.ts").then((module) => module.benchCommand),
    check: () => import("./cli/check.ts").then((module) => module.checkCommand),
    doctor: () => import("./cli/doctor.ts").then((module) => module.doctorCommand),
  },
});

await main(streamhub, process.argv.slice(2));
