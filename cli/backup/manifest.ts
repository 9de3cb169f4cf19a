/** What a backup says of itself, in its first entry. */
import type { DumpHead } from "@streamhub/db";
import { damaged, type Entry } from "./archive.ts";

export const MANIFEST = "manifest.json";
/** Of the layout of the file; a reader refuses others. */
const FORMAT = 1;

export interface Manifest {
  readonly format: number;
  /** Release that wrote it. */
  readonly version: string;
  /** ISO 8601: the moment that the database's rows are of. */
  readonly at: string;
  readonly database: DumpHead;
  /** Whether recordings and pictures are in it. */
  readonly hasMedia: boolean;
}

export const makeManifest = (of: Omit<Manifest, "format">): Entry => ({
  name: MANIFEST,
  bytes: Buffer.from(`${JSON.stringify({ format: FORMAT, ...of })}\n`),
});

export function readManifest(path: string, { name, bytes }: Entry): Manifest {
  try {
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest;
    if (name === MANIFEST && manifest.format === FORMAT && Array.isArray(manifest.database.tables)) return manifest;
  } catch {
    // Said below.
  }
  throw damaged(path, "its manifest is missing, or of a release that writes backups otherwise");
}

/** Pieces of a table's COPY text, compressed. */
export const pieceName = (table: string, index: number): string =>
  `database/${table}.${String(index).padStart(6, "0")}.copy.gz`;

export const tableOf = (name: string): string | null => /^database\/(\w+)\.\d{6}\.copy\.gz$/.exec(name)?.[1] ?? null;
