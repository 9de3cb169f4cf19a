/** nginx as it serves files: Debian's defaults for them, one worker. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild, stopChild } from "../measure/children.ts";
import { findNginx } from "./nginx.ts";
import { freePort, LOOPBACK, untilListening } from "./server.ts";

export interface NginxFiles {
  readonly pid: number;
  readonly port: number;
  /** What lies here is served. */
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startNginxFiles(): Promise<NginxFiles> {
  const program = findNginx();
  if (program === null) throw new Error("nginx is not installed (Debian: apt-get install nginx).");
  const folder = mkdtempSync(join(tmpdir(), "streamhub-bench-files-"));
  const port = await freePort();
  const configuration = `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  types { video/mp4 m4s; }
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen ${LOOPBACK}:${port}; root ${folder}; }
}`;
  const file = join(folder, "nginx.conf");
  await Bun.write(file, configuration);
  const child = spawnChild([program, "-p", folder, "-c", file], { stderr: "inherit" });
  await untilListening(port);
  return {
    pid: child.pid,
    port,
    folder,
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
