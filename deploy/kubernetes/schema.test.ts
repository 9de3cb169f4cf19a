/** Every object against Kubernetes' own schema: values by the validators that are made of it, unknown names by its types, as a validator lets those pass. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { Service } from "kubernetes-models/v1/Service";
import { FOLDER, type Manifest, readKustomization, readManifests } from "./manifests.ts";

setDefaultTimeout(120_000);

const ROOT = join(FOLDER, "..", "..");
const CORE = "kubernetes-models";

type Model = new (data: never) => { validate(): void };

/** By kind: the validator, and the module that has its type. */
const KINDS: Readonly<Record<string, readonly [Model & { readonly apiVersion: string }, string]>> = {
  Deployment: [Deployment, `${CORE}/apps/v1`],
  StatefulSet: [StatefulSet, `${CORE}/apps/v1`],
  HorizontalPodAutoscaler: [HorizontalPodAutoscaler, `${CORE}/autoscaling/v2`],
  Job: [Job, `${CORE}/batch/v1`],
  NetworkPolicy: [NetworkPolicy, `${CORE}/networking.k8s.io/v1`],
  PodDisruptionBudget: [PodDisruptionBudget, `${CORE}/policy/v1`],
  Namespace: [Namespace, `${CORE}/v1`],
  PersistentVolumeClaim: [PersistentVolumeClaim, `${CORE}/v1`],
  Service: [Service, `${CORE}/v1`],
  PodMonitor: [PodMonitor, "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1"],
};

const MONITORING = join(FOLDER, "components/monitoring");
const all = [...readManifests(join(FOLDER, "overlays/example")), ...readManifests(MONITORING)];

// Below the repository, so that the packages are found.
mkdirSync(join(ROOT, ".cache"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".cache", "manifests-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of the objects as literals of their types. */
async function compile(manifests: readonly Manifest[]): Promise<string> {
  const lines = manifests.map((manifest, index) => {
    const [, from] = KINDS[manifest.kind]!;
    return `import type { I${manifest.kind} as T${index} } from "${from}/${manifest.kind}";\nexport const o${index}: T${index} = ${JSON.stringify(manifest)};`;
  });
  writeFileSync(join(folder, "manifests.ts"), lines.join("\n"));
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["manifests.ts"] }));
  const child = Bun.spawn([join(ROOT, "node_modules/.bin/tsc"), "--pretty", "false", "-p", folder], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Response(child.stdout).text();
  await child.exited;
  return said;
}

test("all files are of use: each is named by its kustomization", () => {
  for (const path of ["base", "components/monitoring"]) {
    const files = readdirSync(join(FOLDER, path)).filter(
      (name) => name.endsWith(".yaml") && name !== "kustomization.yaml",
    );
    const named = readKustomization(join(FOLDER, path)).resources?.filter((name) => name.endsWith(".yaml")) ?? [];
    expect([...named].sort()).toEqual(files.sort());
  }
  expect(all.length).toBeGreaterThan(20);
});

test.each(all.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
  "%s",
  (_, manifest) => {
    const [Kind] = KINDS[manifest.kind]!;
    expect(manifest.apiVersion).toBe(Kind.apiVersion);
    new Kind(manifest as never).validate();
  },
);

test("a wrong value is found", () => {
  const { spec, ...rest } = all.find(({ kind }) => kind === "Service") as Manifest<{ ports: object[] }>;
  const wrong = { ...rest, spec: { ...spec, ports: [{ port: "http" }] } };
  expect(() => new Service(wrong as never).validate()).toThrow("port must be integer");
});

test("no name is one that Kubernetes does not know", async () => {
  expect(await compile(all)).toBe("");
  const { spec, ...rest } = all.find(({ kind }) => kind === "Deployment") as Manifest<{ template: object }>;
  expect(await compile([{ ...rest, spec: { ...spec, minReadySecond: 5 } }])).toContain(
    '"minReadySecond"\' does not exist',
  );
});
