/** `bun run topology`: the whole picture on this machine until Ctrl-C, on the gateway's own ports; DATABASE_URL names an outside PostgreSQL. */
import { onStage } from "../chaos/stage.ts";
import { streamhub } from "../e2e/server.ts";
import { environment } from "../environment.ts";
import { untilSignal } from "../shutdown.ts";
import { startTopology } from "./topology.ts";

const PORTS = { http: 8080, https: 8443, rtmp: 1935, rtmps: 1936, gatewayMetrics: 9145, prometheus: 9090 };

const signal = untilSignal();
await onStage(1, async (stage) => {
  const { site, prometheus, ports, apis, nodes, env } = await startTopology(stage, {
    ports: PORTS,
    databaseUrl: environment().databaseUrl,
  });
  const made = await streamhub(["channel", "create", "--slug", "tower", "--title", "Tower", "--json"], { env });
  const key = made.code === 0 ? (JSON.parse(made.stdout) as { streamKey: string }).streamKey : null;
  const of = (what: string, found: unknown[]) => `  ${what.padEnd(12)} ${found.join(", ")}`;
  console.log(
    [
      "",
      of("Site", [site, "(its certificate is signed by itself)"]),
      of("RTMP", [`rtmp://127.0.0.1:${ports.rtmp}/live`, `rtmps://127.0.0.1:${ports.rtmps}/live`]),
      of("Channel", [`${site}/watch/tower`, ...(key === null ? [] : [`stream key ${key}`])]),
      of(
        "API",
        apis.map(({ pid, said }) => `${said.site} (process ${pid})`),
      ),
      of(
        "Ingest",
        nodes.map(({ pid, said }) => `http://127.0.0.1:${said.mediaPort}/metrics (process ${pid})`),
      ),
      of("Prometheus", [prometheus]),
      "",
    ].join("\n"),
  );
  await signal;
});
process.exit(0);
