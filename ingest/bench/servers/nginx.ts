/** nginx-rtmp (Debian's nginx + libnginx-mod-rtmp) as an ordinary process: own configuration in a temporary folder, one worker. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild, stopChild } from "../measure/children.ts";
import { freePort, LOOPBACK, type RunningServer, type ServerKind, untilListening } from "./server.ts";

const MODULES = ["/usr/lib/nginx/modules/ngx_rtmp_module.so", "/usr/share/nginx/modules/ngx_rtmp_module.so"];
export const findNginx = (): string | null => Bun.which("nginx", { PATH: `${Bun.env.PATH}:/usr/sbin:/usr/local/sbin` });

interface Places {
  readonly folder: string;
  readonly module: string;
  readonly rtmpPort: number;
  /** Serves the HLS files; null without packaging. */
  readonly httpPort: number | null;
  /** Further directives of the application. */
  readonly more: string;
}

/** The modules' defaults; only what makes it a private process is set, and fragments of two seconds as ours. */
const configuration = ({ folder, module, rtmpPort, httpPort, more }: Places): string => `
load_module ${module};
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
rtmp {
  access_log off;
  server {
    listen ${LOOPBACK}:${rtmpPort};
    application live {
      live on;
      ${more}
      ${httpPort === null ? "" : `hls on; hls_path ${folder}/hls; hls_fragment 2s;`}
    }
  }
}
${
  httpPort === null
    ? ""
    : `http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen ${LOOPBACK}:${httpPort}; root ${folder}; }
}`
}
`;

async function startNginx(name: string, isPackaging: boolean, more = ""): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-bench-nginx-"));
  mkdirSync(join(folder, "hls"));
  const module = MODULES.find((each) => existsSync(each))!;
  const rtmpPort = await freePort();
  const httpPort = isPackaging ? await freePort() : null;
  const file = join(folder, "nginx.conf");
  await Bun.write(file, configuration({ folder, module, rtmpPort, httpPort, more }));
  const child = spawnChild([findNginx()!, "-p", folder, "-c", file], { stderr: "inherit" });
  await untilListening(rtmpPort);
  return {
    name,
    pid: child.pid,
    target: { host: LOOPBACK, port: rtmpPort, app: "live" },
    metricsUrl: null,
    playbackUrl: httpPort === null ? null : (stream) => `http://${LOOPBACK}:${httpPort}/hls/${stream}.m3u8`,
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function unavailable(): string | null {
  if (findNginx() === null) return "nginx is not installed (Debian: nginx, libnginx-mod-rtmp).";
  return MODULES.some((each) => existsSync(each)) ? null : "nginx has no RTMP module (Debian: libnginx-mod-rtmp).";
}

/** For tests: with further directives of its application. */
export const startNginxWith = (more: string): Promise<RunningServer> => startNginx("nginx", false, more);

export const nginx: ServerKind = {
  name: "nginx",
  title: "nginx-rtmp, ingest only",
  unavailable,
  start: () => startNginx("nginx", false),
};

export const nginxHls: ServerKind = {
  name: "nginx-hls",
  title: "nginx-rtmp, ingest and HLS in fragments of 2 s",
  unavailable,
  start: () => startNginx("nginx-hls", true),
};
