/** What Kubernetes would ask, asked of real processes: the addresses of the probes, and the metrics that the autoscalers go by. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onStage } from "../../cli/chaos/stage.ts";
import { startPart } from "../../cli/e2e/part.ts";
import { FOLDER, type Manifest, readManifests, type Workload } from "./manifests.ts";

setDefaultTimeout(120_000);

const all = readManifests(join(FOLDER, "base"));

interface Autoscaler {
  readonly scaleTargetRef: { readonly name: string };
  readonly metrics: readonly {
    readonly type: string;
    readonly pods?: { readonly metric: { readonly name: string } };
  }[];
}

const metricsOf = (target: string): string[] =>
  (all.filter(({ kind }) => kind === "HorizontalPodAutoscaler") as Manifest<Autoscaler>[])
    .filter(({ spec }) => spec.scaleTargetRef.name === target)
    .flatMap(({ spec }) => spec.metrics.flatMap(({ pods }) => pods?.metric.name ?? []));

function probesOf(name: string): Set<string> {
  const { spec } = all.find(
    ({ kind, metadata }) => /^(Deployment|StatefulSet)$/.test(kind) && metadata.name === name,
  ) as Manifest<Workload>;
  const { startupProbe, livenessProbe, readinessProbe } = spec.template.spec.containers[0];
  return new Set([startupProbe, livenessProbe, readinessProbe].map((probe) => probe!.httpGet.path));
}

test("api and ingest answer their probes, and have the metrics that they are scaled by, for each pod by itself", async () => {
  await onStage(1, async (stage) => {
    const [redis, database] = await Promise.all([stage.redis(), stage.database()]);
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, JWT_SECRET: "s".repeat(32) };
    const run = async (command: "api" | "ingest") => {
      const part = await startPart(command, { ...env, DATA_DIR: stage.dataDir() });
      stage.cleanUp(() => part.stop());
      return part;
    };
    const api = await run("api");
    const ingest = await run("ingest");
    const at = { api: new URL(String(api.said.site)).origin, ingest: `http://127.0.0.1:${ingest.said.mediaPort}` };
    for (const [name, origin] of Object.entries(at)) {
      for (const path of probesOf(name)) expect([path, (await fetch(origin + path)).status]).toEqual([path, 200]);
      const text = await (await fetch(`${origin}/metrics`)).text();
      const metrics = metricsOf(name);
      expect(metrics.length).toBeGreaterThan(0);
      for (const metric of metrics) {
        // A gauge of one value: the mean over pods is what is meant.
        expect(text).toContain(`# TYPE ${metric} gauge`);
        expect(text.match(new RegExp(`^${metric}(\\{.*\\})? \\d`, "gm"))).toHaveLength(1);
      }
    }
  });
});

test("the adapter hands on just the metrics that are asked for", () => {
  interface Rules {
    readonly rules: {
      readonly custom: readonly { readonly seriesQuery: string; readonly name: { readonly matches: string } }[];
    };
  }
  const { rules } = Bun.YAML.parse(readFileSync(join(FOLDER, "prometheus-adapter.yaml"), "utf8")) as Rules;
  const wanted = [...metricsOf("api"), ...metricsOf("ingest"), ...metricsOf("gateway")];
  expect(rules.custom.map(({ name }) => name.matches).sort()).toEqual(wanted.sort());
  for (const { seriesQuery, name } of rules.custom) expect(seriesQuery).toStartWith(`${name.matches}{`);
});
