/** nginx-rtmp (Debian's nginx + libnginx-mod-rtmp) as an ordinary process: own configuration in a temporary folder, one worker. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild, stopChild } from "../measure/children.ts";
import { freePort, LOOPBACK, type RunningServer, type ServerKind, untilListening } from "./server.ts";

const MODULES = ["/usr/lib/nginx/modules/ngx_rtmp_module.so", "/usr/share/nginx/modules/ngx_rtmp_module.so"];
const findNginx = (): string | null => Bun.which("nginx", { PATH: `${Bun.env.PATH}:/usr/sbin:/usr/local/sbin` });

/** The module's defaults; only what makes it a private process is set. */
const configuration = (folder: string, module: string, port: number): string => `
load_module ${module};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
rtmp {
  access_log off;
  server {
    listen ${LOOPBACK}:${port};
    application live { live on; }
  }
}
`;

async function startNginx(): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-bench-nginx-"));
  const module = MODULES.find((each) => existsSync(each))!;
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await Bun.write(file, configuration(folder, module, port));
  const child = spawnChild([findNginx()!, "-p", folder, "-c", file], { stderr: "inherit" });
  await untilListening(port);
  return {
    name: "nginx",
    pid: child.pid,
    target: { host: LOOPBACK, port, app: "live" },
    metricsUrl: null,
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const nginx: ServerKind = {
  name: "nginx",
  title: "nginx-rtmp, ingest only",
  unavailable() {
    if (findNginx() === null) return "nginx is not installed (Debian: nginx-core, libnginx-mod-rtmp).";
    return MODULES.some((each) => existsSync(each)) ? null : "nginx has no RTMP module (Debian: libnginx-mod-rtmp).";
  },
  start: startNginx,
};
