/** The packages of bun.lock: what each is for, and what its own package.json says of its licence. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "..", "..");
const STORE = join(ROOT, "node_modules", ".bun");

/** Where a package ends up. `server` and `site` are what is handed on; `build` makes the site; `development` checks and measures. */
export const USES = ["server", "site", "build", "development"] as const;
export type Use = (typeof USES)[number];

export interface Package {
  readonly name: string;
  readonly version: string;
  /** `sha512-…`, as the lockfile has it. */
  readonly integrity: string;
  readonly use: Use;
  /** For one system or processor alone: the name of all its kind, such as `@img/sharp-*`. Null: for all. */
  readonly family: string | null;
  /** SPDX, as the package says. Of a kind for other systems it is that of the one that is installed here. */
  readonly licence: string | null;
  readonly homepage: string | null;
  /** `name@version` of what it needs. */
  readonly needs: readonly string[];
}

export const idOf = ({ name, version }: Pick<Package, "name" | "version">): string => `${name}@${version}`;

/** As in bun.lock. */
interface Needs {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalPeers?: readonly string[];
  readonly os?: unknown;
  readonly cpu?: unknown;
}
type Entry = readonly [id: string, registry: string, needs: Needs, integrity: string];
export interface Lock {
  readonly workspaces: Readonly<Record<string, Needs & { readonly name: string }>>;
  readonly packages: Readonly<Record<string, Entry | readonly [id: string]>>;
}

/** Dependencies of the site that make it and are not in it, and what its types are checked with. */
const BUILDS = /^(vite|vite-plugin-solid|typescript|bun-types|@types\/.+)$/;

const isWorkspace = (entry: Entry | readonly [id: string]): entry is readonly [id: string] => entry.length === 1;

const namesOf = (needs: Needs): string[] => [
  ...Object.keys(needs.dependencies ?? {}),
  ...Object.keys(needs.optionalDependencies ?? {}),
  ...Object.keys(needs.peerDependencies ?? {}).filter((name) => !needs.optionalPeers?.includes(name)),
];

/** `a/@b/c` is package `@b/c` as `a` has it, and names are looked for from there towards the root. */
function resolve(lock: Lock, from: string, name: string): string | null {
  const path = from.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
  for (let depth = path.length; depth >= 0; depth--) {
    const key = [...path.slice(0, depth), name].join("/");
    if (Object.hasOwn(lock.packages, key)) return key;
  }
  return null;
}

/** Keys of everything that can be reached. An optional dependency that the lockfile lacks is left out. */
function reach(lock: Lock, starts: readonly string[], enters: (name: string) => boolean): Set<string> {
  const seen = new Set<string>();
  const rest = [...starts];
  for (let key = rest.pop(); key !== undefined; key = rest.pop()) {
    const entry = lock.packages[key]!;
    if (seen.has(key) || isWorkspace(entry) || !enters(nameOf(entry[0]))) continue;
    seen.add(key);
    for (const name of namesOf(entry[2])) {
      const next = resolve(lock, key, name);
      if (next !== null) rest.push(next);
    }
  }
  return seen;
}

const nameOf = (id: string): string => id.slice(0, id.lastIndexOf("@"));

/** Keys of what our own packages name. */
function startsOf(lock: Lock, folders: readonly string[], kind: "dependencies" | "devDependencies"): string[] {
  return folders.flatMap((folder) => {
    const workspace = lock.workspaces[folder]!;
    const names = Object.keys(workspace[kind] ?? {});
    return names.flatMap((name) => resolve(lock, folder === "" ? "" : workspace.name, name) ?? []);
  });
}

/** Keys by use; the first of `USES` that reaches a package is its use. */
function usesOf(lock: Lock): Map<string, Use> {
  const all = Object.keys(lock.workspaces);
  const ships = (name: string) => !BUILDS.test(name);
  const reached: Readonly<Record<Use, Set<string>>> = {
    server: reach(
      lock,
      startsOf(
        lock,
        all.filter((folder) => folder !== "web"),
        "dependencies",
      ),
      ships,
    ),
    site: reach(lock, startsOf(lock, ["web"], "dependencies"), ships),
    build: reach(lock, startsOf(lock, all, "dependencies"), () => true),
    development: reach(lock, startsOf(lock, all, "devDependencies"), () => true),
  };
  const uses = new Map<string, Use>();
  for (const use of USES) for (const key of reached[use]) if (!uses.has(key)) uses.set(key, use);
  return uses;
}

const PLATFORM =
  /(^|[-/])(aix|android|darwin|freebsd|linux|linuxmusl|netbsd|openbsd|openharmony|sunos|wasm32|webcontainers|win32|windows)([-/].*)?$/;

/** `@img/sharp-linux-x64` is one of `@img/sharp-*`. */
function familyOf(name: string, { os, cpu }: Needs): string | null {
  const family = name.replace(PLATFORM, "$1*");
  return (os === undefined && cpu === undefined) || family === name ? null : family;
}

/** Packages for other systems that are not as the one of their kind that is installed here, as the registry tells of them. */
const ELSEWHERE: readonly (readonly [name: RegExp, family: string, licence: string, homepage: string])[] = [
  [
    /^@img\/sharp-wasm32$/,
    "@img/sharp-wasm32",
    "Apache-2.0 AND LGPL-3.0-or-later AND MIT",
    "https://sharp.pixelplumbing.com",
  ],
  [/^@img\/sharp-win32-/, "@img/sharp-win32-*", "Apache-2.0 AND LGPL-3.0-or-later", "https://sharp.pixelplumbing.com"],
  [/^@emnapi\/runtime$/, "@emnapi/runtime", "MIT", "https://github.com/toyobayashi/emnapi#readme"],
];

/** What is read of a package.json. */
export interface Manifest {
  readonly license?: string | { readonly type?: string };
  readonly licenses?: readonly { readonly type?: string }[] | { readonly type?: string };
  readonly homepage?: string;
  readonly repository?: string | { readonly url?: string };
}

/** What a package.json says in any of the ways that there have been. Several at once are a choice. */
export function licenceOf({ license, licenses }: Manifest): string | null {
  const given = [license ?? licenses ?? []].flat() as readonly (string | { readonly type?: string })[];
  const names = given.flatMap((one) => (typeof one === "string" ? one : (one.type ?? [])));
  if (names.length === 0) return null;
  return names.length === 1 ? names[0]!.replace(/^\((.*)\)$/, "$1") : names.join(" OR ");
}

export function homepageOf({ homepage, repository }: Manifest): string | null {
  const url = homepage ?? (typeof repository === "string" ? repository : repository?.url) ?? "";
  const web = url
    .replace(/^git\+/, "")
    .replace(/^(git|ssh):\/\/(git@)?/, "https://")
    .replace(/\.git$/, "");
  if (/^[\w.-]+\/[\w.-]+$/.test(web)) return `https://github.com/${web}`;
  return /^https?:\/\//.test(web) ? web : null;
}

function manifestIn(store: readonly string[], name: string, version: string): Manifest | null {
  const folder = `${name.replace("/", "+")}@${version}`;
  const found = store.find((entry) => entry === folder || entry.startsWith(`${folder}+`));
  if (found === undefined) return null;
  return JSON.parse(readFileSync(join(STORE, found, "node_modules", name, "package.json"), "utf8")) as Manifest;
}

/** All packages, each once, by name and version. `npm start` or `bun install` must have installed them. */
export function readPackages(): Packages {
  const lock = Bun.JSONC.parse(readFileSync(join(ROOT, "bun.lock"), "utf8")) as Lock;
  const store = readdirSync(STORE);
  return packagesOf(lock, (name, version) => manifestIn(store, name, version));
}

export interface Packages {
  readonly packages: readonly Package[];
  /** `name@version` of what our own package.json files name. */
  readonly direct: readonly string[];
}

/** `manifest` is null for a package that is not installed on this system. */
export function packagesOf(lock: Lock, manifestOf: (name: string, version: string) => Manifest | null): Packages {
  const found = new Map<string, Package>();
  for (const [key, use] of usesOf(lock)) {
    const [id, , needs, integrity] = lock.packages[key] as Entry;
    const name = nameOf(id);
    const known = found.get(id);
    if (known !== undefined && USES.indexOf(known.use) <= USES.indexOf(use)) continue;
    const version = id.slice(name.length + 1);
    const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(name));
    const manifest = elsewhere === undefined ? manifestOf(name, version) : null;
    found.set(id, {
      name,
      version,
      integrity,
      use,
      family: elsewhere?.[1] ?? familyOf(name, needs),
      licence: elsewhere?.[2] ?? (manifest === null ? null : licenceOf(manifest)),
      homepage: elsewhere?.[3] ?? (manifest === null ? null : homepageOf(manifest)),
      needs: [...new Set(namesOf(needs).flatMap((other) => idAt(lock, resolve(lock, key, other)) ?? []))].sort(),
    });
  }
  return {
    packages: withFamilies([...found.values()]).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)),
    direct: [
      ...new Set(
        [
          ...startsOf(lock, Object.keys(lock.workspaces), "dependencies"),
          ...startsOf(lock, Object.keys(lock.workspaces), "devDependencies"),
        ].flatMap((key) => (isWorkspace(lock.packages[key]!) ? [] : lock.packages[key]![0])),
      ),
    ].sort(),
  };
}

function idAt(lock: Lock, key: string | null): string | null {
  return key === null ? null : lock.packages[key]![0];
}

/** Those for other systems are not installed here: the one that is speaks for them. */
function withFamilies(packages: readonly Package[]): Package[] {
  const speaker = new Map(packages.filter(({ licence }) => licence !== null).map((one) => [one.family, one]));
  return packages.map((one) => {
    const other = one.family !== null && one.licence === null ? speaker.get(one.family) : undefined;
    return other === undefined ? one : { ...one, licence: other.licence, homepage: other.homepage };
  });
}
