/** What we want of the objects beside their schema: they fit each other, the gateway's template and our environment, and their pods may do little. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ENV_VARIABLES, readEnv, SECRET_VARIABLES } from "@streamhub/api/env";
import { version } from "../../package.json";
import { FOLDER, type Manifest, readEnvFile, readKustomization, readManifests, type Workload } from "./manifests.ts";

const BASE = join(FOLDER, "base");
const all = readManifests(BASE);
const of = <Spec>(kind: string): Manifest<Spec>[] => all.filter((one) => one.kind === kind) as Manifest<Spec>[];
const names = (manifests: readonly Manifest[]) => manifests.map(({ metadata }) => metadata.name);

const workloads = ["Deployment", "StatefulSet", "Job"].flatMap((kind) => of<Workload>(kind));
const servers = workloads.filter(({ kind }) => kind !== "Job");
const ours = workloads.filter(({ metadata }) => metadata.name !== "gateway");
const workload = (name: string) => workloads.find(({ metadata }) => metadata.name === name)!.spec;
const podOf = ({ template }: Workload) => template.spec;
const containerOf = (spec: Workload) => podOf(spec).containers[0];

/** What the ConfigMaps that a container takes its environment from say, by their names. */
const configured: Readonly<Record<string, Readonly<Record<string, string>>>> = Object.fromEntries(
  (readKustomization(BASE).configMapGenerator ?? []).map(({ name, envs = [] }) => [
    name,
    Object.assign({}, ...envs.map((file) => readEnvFile(join(BASE, file)))),
  ]),
);
const shared = configured.streamhub!;
const configOf = (spec: Workload): Record<string, string> =>
  Object.assign({}, ...(containerOf(spec).envFrom ?? []).map(({ configMapRef }) => configured[configMapRef.name]));

type Labels = Readonly<Record<string, string>>;

interface ServiceSpec {
  readonly selector: Labels;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
}

/** What a StatefulSet gives each of its pods. */
const POD_NAME = "statefulset.kubernetes.io/pod-name";
const podsWith = (labels: Labels) =>
  workloads.filter(({ kind, metadata, spec }) =>
    Object.entries(labels).every(([name, value]) =>
      name === POD_NAME
        ? kind === "StatefulSet" && value.replace(/-\d+$/, "") === metadata.name
        : spec.template.metadata.labels[name] === value,
    ),
  );

/** The files of deploy/secrets, of which the Secret is made; start-scripts.test.ts sees that they are. */
const compose = Bun.YAML.parse(readFileSync(join(FOLDER, "../../docker-compose.yml"), "utf8")) as {
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const MADE = new Set(Object.values(compose.secrets).map(({ file }) => basename(file)));

describe.each(workloads.map((one) => [one.metadata.name, one.spec] as const))("%s", (name, spec) => {
  const pod = podOf(spec);
  const container = containerOf(spec);

  test("may do little", () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(pod.securityContext.runAsUser).toBe(name === "gateway" ? 101 : 1000);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("has limits, for what it writes too", () => {
    for (const kind of ["requests", "limits"] as const)
      expect(Object.keys(container.resources[kind]).sort()).toEqual(["cpu", "memory"]);
    for (const { emptyDir } of pod.volumes)
      if (emptyDir !== undefined) expect(emptyDir.sizeLimit).toMatch(/^\d+[MG]i$/);
  });

  test("mounts what is there, and all of it", () => {
    const claims = spec.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? [];
    expect(container.volumeMounts.map((mount) => mount.name).sort()).toEqual(
      [...pod.volumes.map((volume) => volume.name), ...claims].sort(),
    );
    const generated = [BASE, join(FOLDER, "../nginx")].flatMap(
      (folder) => readKustomization(folder).configMapGenerator?.map((generator) => generator.name) ?? [],
    );
    for (const { secret, configMap, persistentVolumeClaim } of pod.volumes) {
      if (persistentVolumeClaim) expect(names(of("PersistentVolumeClaim"))).toContain(persistentVolumeClaim.claimName);
      if (configMap) expect(generated).toContain(configMap.name);
      if (secret === undefined) continue;
      expect(["streamhub", "streamhub-tls"]).toContain(secret.secretName);
      for (const { key } of secret.items ?? []) expect([key, MADE.has(key)]).toEqual([key, true]);
    }
    for (const { configMapRef } of container.envFrom ?? []) expect(generated).toContain(configMapRef.name);
  });

  test("is given each secret that its environment names as a file, and none as a value", () => {
    const mounted = pod.volumes.flatMap(({ secret }) => secret?.items?.map(({ key }) => key) ?? []);
    const files = (container.env ?? []).filter((variable) => variable.name.endsWith("_FILE"));
    expect(files.map(({ value }) => value)).toEqual(mounted.map((key) => `/run/secrets/streamhub/${key}`));
    for (const { name: variable } of container.env ?? [])
      expect(SECRET_VARIABLES as readonly string[]).not.toContain(variable);
  });
});

test.each(servers.map((one) => [one.metadata.name, one.spec] as const))(
  "%s is asked how it is on ports that it has, is spread and is scaled",
  (name, spec) => {
    const container = containerOf(spec);
    const ports = container.ports?.map((port) => port.name);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
      expect(ports).toContain(probe!.httpGet.port);
    expect(spec.selector?.matchLabels).toEqual(spec.template.metadata.labels);
    // Else each `apply` would set back what the autoscaler has chosen.
    expect(spec.replicas).toBeUndefined();
    expect(names(of("HorizontalPodAutoscaler"))).toContain(name);
    expect(names(of("PodDisruptionBudget"))).toContain(name);
  },
);

test("autoscalers, budgets, services and network policies mean pods that are there", () => {
  for (const { spec } of of<{ scaleTargetRef: { kind: string; name: string } }>("HorizontalPodAutoscaler")) {
    const { kind, name } = spec.scaleTargetRef;
    expect(names(of(kind))).toContain(name);
  }
  for (const { spec } of of<{ selector: { matchLabels: Labels } }>("PodDisruptionBudget"))
    expect(podsWith(spec.selector.matchLabels)).toHaveLength(1);
  for (const { metadata, spec } of of<ServiceSpec>("Service")) {
    const [pod, ...others] = podsWith(spec.selector);
    expect([metadata.name, others]).toEqual([spec.selector[POD_NAME] ?? pod!.metadata.name, []]);
    const ports = containerOf(pod!.spec).ports?.map((port) => port.name);
    for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
  }
  interface Policy {
    readonly podSelector: { readonly matchLabels?: Labels };
    readonly ingress: readonly {
      readonly from?: readonly { readonly podSelector?: { readonly matchLabels: Labels } }[];
      readonly ports: readonly { readonly port: string }[];
    }[];
  }
  const [nobody, ...policies] = of<Policy>("NetworkPolicy");
  expect(nobody!.spec).toMatchObject({ podSelector: {}, ingress: [] });
  for (const { spec } of policies) {
    const [pod] = podsWith(spec.podSelector.matchLabels!);
    const ports = containerOf(pod!.spec).ports?.map((port) => port.name);
    for (const { from = [], ports: opened } of spec.ingress) {
      for (const { port } of opened) expect(ports).toContain(port);
      for (const { podSelector } of from) if (podSelector) expect(podsWith(podSelector.matchLabels)).toHaveLength(1);
    }
  }
  expect(workload("ingest").serviceName).toBe("ingest");
});

describe("the environment of StreamHub", () => {
  const known = new Set<string>([
    ...ENV_VARIABLES.map(({ name }) => name),
    ...SECRET_VARIABLES.map((name) => `${name}_FILE`),
  ]);
  const variables = (spec: Workload) =>
    (containerOf(spec).env ?? []).filter(({ valueFrom }) => valueFrom === undefined);

  test("has only variables that the schema knows, and values that it takes", () => {
    for (const { metadata, spec } of ours) {
      const own = variables(spec);
      const given = [...Object.keys(configOf(spec)), ...own.map(({ name }) => name)];
      expect([metadata.name, given.filter((name) => !known.has(name))]).toEqual([metadata.name, []]);
      const secrets = own
        .filter(({ name }) => name.endsWith("_FILE"))
        .map(({ name }) => name.slice(0, -"_FILE".length));
      const value = (name: string) =>
        ({ DATABASE_URL: "postgres://u:p@db/streamhub", REDIS_URL: "redis://redis" })[name] ?? "s".repeat(32);
      const plain = own
        .filter(({ name }) => !name.endsWith("_FILE"))
        .map(({ name, value: text }) => [name, text?.replace("$(POD_IP)", "10.0.0.5")] as const);
      const made = secrets.map((name) => [name, value(name)] as const);
      readEnv({ ...configOf(spec), ...Object.fromEntries([...made, ...plain]) }, { partsRunApart: true });
    }
  });

  test("the overlay changes only what the base has", () => {
    const { configMapGenerator = [], images = [] } = readKustomization(join(FOLDER, "overlays/example"));
    expect(configMapGenerator.length).toBeGreaterThan(0);
    for (const { name, literals = [] } of configMapGenerator)
      for (const literal of literals) expect(Object.keys(configured[name]!)).toContain(literal.split("=")[0]!);
    for (const { newTag } of [...images, ...readKustomization(BASE).images!]) expect(newTag).toBe(version);
  });

  test("a node is given the time that it drains", () => {
    const { terminationGracePeriodSeconds } = podOf(workload("ingest"));
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(shared.DRAIN_SECONDS) + 60);
  });

  test("ports are those that the processes listen on", () => {
    const port = (name: string, of: string) =>
      String(containerOf(workload(name)).ports?.find((one) => one.name === of)?.containerPort);
    expect([port("api", "http"), port("ingest", "media"), port("ingest", "rtmp")]).toEqual([
      shared.HTTP_PORT!,
      shared.MEDIA_PORT!,
      shared.RTMP_PORT!,
    ]);
  });

  test("the gateway has every name of its template, and leads to services that are there", () => {
    const template = readFileSync(join(FOLDER, "../nginx/nginx.conf.template"), "utf8");
    const wanted = new Set([...template.matchAll(/\$\{(GATEWAY_[A-Z_]+)\}/g)].map(([, name]) => name!));
    // start.sh sees by itself whether the build has it.
    wanted.delete("GATEWAY_BROTLI");
    const given = variables(workload("gateway"));
    expect(given.map(({ name }) => name.replace(/_FILE$/, "")).sort()).toEqual([...wanted].sort());
    const text = (name: string) => given.find((variable) => variable.name === name)?.value ?? "";
    expect(text("GATEWAY_API_SERVERS")).toContain(`server api.$(POD_NAMESPACE).svc.cluster.local:${shared.HTTP_PORT} `);
    expect(text("GATEWAY_MEDIA_SERVERS")).toContain(
      `server ingest.$(POD_NAMESPACE).svc.cluster.local:${shared.MEDIA_PORT} `,
    );
    // Each pod that there may be, by a name of its own that means it alone.
    const nodes = [
      ...text("GATEWAY_RTMP_SERVERS").matchAll(
        /server (\S+)\.\$\(POD_NAMESPACE\)\.svc\.cluster\.local:(\d+) resolve /g,
      ),
    ];
    const scaler = of<{ maxReplicas: number }>("HorizontalPodAutoscaler").find(
      ({ metadata }) => metadata.name === "ingest",
    );
    const pods = Array.from({ length: scaler!.spec.maxReplicas }, (_, index) => `ingest-${index}`);
    expect(nodes.map(([, name, port]) => [name, port])).toEqual(pods.map((name) => [name, shared.RTMP_PORT]));
    for (const name of pods)
      expect(of<ServiceSpec>("Service").find(({ metadata }) => metadata.name === name)?.spec).toEqual({
        selector: { "statefulset.kubernetes.io/pod-name": name },
        ports: [{ name: "rtmp", port: Number(shared.RTMP_PORT), targetPort: "rtmp" }],
      });
    const ports = containerOf(workload("gateway")).ports!;
    for (const { name, containerPort } of ports)
      expect(text(`GATEWAY_${name.toUpperCase()}_PORT`)).toBe(String(containerPort));
  });
});
