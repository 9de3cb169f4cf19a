/** The bill of materials, CycloneDX 1.6, of what bun.lock pins: `bun run sbom` writes sbom.cdx.json. The same lockfile gives the same bytes on the same system. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Enums, Models, Serialize, SPDX, Spec } from "@cyclonedx/cyclonedx-library";
import { version } from "../../package.json";
import { idOf, type Package, ROOT, readPackages } from "./packages.ts";

const FILE = join(ROOT, "sbom.cdx.json");

/** https://github.com/package-url/purl-spec: a scope's `@` is encoded, its `/` is not. */
export const purlOf = ({ name, version }: Pick<Package, "name" | "version">): string =>
  `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;

function licenceModel(licence: string): Models.License {
  if (SPDX.isSupportedSpdxId(licence)) return new Models.SpdxLicense(licence);
  return / (AND|OR|WITH) /.test(licence) ? new Models.LicenseExpression(licence) : new Models.NamedLicense(licence);
}

/** What may be missing on a machine (another system's build) is optional, what is not handed on is excluded. */
function scopeOf({ use, family }: Package): Enums.ComponentScope {
  if (use === "build" || use === "development") return Enums.ComponentScope.Excluded;
  return family === null ? Enums.ComponentScope.Required : Enums.ComponentScope.Optional;
}

function componentOf(one: Package): Models.Component {
  const [scope, name] = one.name.startsWith("@") ? one.name.split("/") : [undefined, one.name];
  const [algorithm, digest] = one.integrity.split("-", 2);
  if (algorithm !== "sha512") throw new Error(`bun.lock has no SHA-512 of ${idOf(one)}`);
  const component = new Models.Component(Enums.ComponentType.Library, name!, {
    bomRef: idOf(one),
    version: one.version,
    purl: purlOf(one),
    scope: scopeOf(one),
    hashes: new Models.HashDictionary([
      [Enums.HashAlgorithm["SHA-512"], Buffer.from(digest!, "base64").toString("hex")],
    ]),
    properties: new Models.PropertyRepository([new Models.Property("streamhub:use", one.use)]),
    ...(scope === undefined ? {} : { group: scope }),
  });
  if (one.licence !== null) component.licenses.add(licenceModel(one.licence));
  if (one.homepage !== null)
    component.externalReferences.add(new Models.ExternalReference(one.homepage, Enums.ExternalReferenceType.Website));
  return component;
}

/** As JSON. Lists are sorted and nothing in it is of the moment. */
export function sbom(packages: readonly Package[], direct: readonly string[]): string {
  const components = new Map(packages.map((one) => [idOf(one), componentOf(one)]));
  for (const one of packages)
    for (const id of one.needs) {
      const needed = components.get(id);
      if (needed !== undefined) components.get(idOf(one))!.dependencies.add(needed.bomRef);
    }
  const streamhub = new Models.Component(Enums.ComponentType.Application, "streamhub", {
    bomRef: `streamhub@${version}`,
    version,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("MIT")]),
  });
  for (const id of direct) streamhub.dependencies.add(components.get(id)!.bomRef);
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: streamhub }),
    components: new Models.ComponentRepository(components.values()),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

if (import.meta.main) {
  const { packages, direct } = readPackages();
  writeFileSync(FILE, sbom(packages, direct));
  console.log(`sbom.cdx.json: ${packages.length} packages`);
}
