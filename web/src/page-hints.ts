/**
 * What a page needs and would find out only step by step (document, script, the page's own chunk, the API's answer), named in its head, so that a
 * browser asks for all of it at once. Read from the manifest that `vite build` wrote.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { channelAsked, HOME_ASKED } from "./live/first-asked.ts";
import { escaped } from "./page-head.ts";

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

type Manifest = Readonly<Record<string, Chunk>>;

export interface Hinted {
  /** A broadcast plays on the page. */
  readonly isLive: boolean;
  /** The answers of the API come with the page; otherwise they are named. */
  readonly isAnswered: boolean;
  /** Path of the largest picture in view; null: none that is known. */
  readonly picture: string | null;
}

/** Elements for the head of a page. */
export type Hints = (pathname: string, hinted: Hinted) => string;

const WATCH = /^\/watch\/([\w-]{1,64})\/?$/;
const PAST = /^\/v\/\d{1,10}\/?$/;
const ENTRY = "index.html";
const PLAYER = "src/player/make-hls.ts";

/** All that a chunk needs, itself included, in the order in which it is needed. */
function needs(manifest: Manifest, name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name) || manifest[name] === undefined) return found;
  found.add(name);
  for (const each of manifest[name].imports ?? []) needs(manifest, each, found);
  return found;
}

const script = (file: string, more = "") => `<link rel="modulepreload" href="/${file}"${more} />`;
const style = (file: string) => `<link rel="stylesheet" href="/${file}" />`;
/** As `fetch` asks for it: an address that differs would be asked for twice. */
const answer = (path: string) => `<link rel="preload" href="${escaped(path)}" as="fetch" crossorigin="anonymous" />`;
const image = (path: string) => `<link rel="preload" href="${escaped(path)}" as="image" fetchpriority="high" />`;

/** Nothing is hinted where there is no manifest. */
export function readHints(distDir: string): Hints {
  const file = join(distDir, ".vite", "manifest.json");
  if (!existsSync(file)) return () => "";
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  const named = needs(manifest, ENTRY);
  const chunks = (page: string) => [...needs(manifest, page)].filter((name) => !named.has(name));

  function partsOf(page: string): string[] {
    const found = chunks(page).map((name) => manifest[name]);
    const styles = new Set(found.flatMap((chunk) => chunk?.css ?? []));
    return [...[...styles].map(style), ...found.flatMap((chunk) => (chunk === undefined ? [] : [script(chunk.file)]))];
  }
  const watch = partsOf("src/pages/watch.tsx");
  const past = partsOf("src/pages/past.tsx");
  const player = manifest[PLAYER];
  // What is to be read comes first.
  const plays = player === undefined ? [] : [script(player.file, ' fetchpriority="low"')];

  function asked(pathname: string): readonly string[] {
    const slug = WATCH.exec(pathname)?.[1];
    if (slug !== undefined) return [channelAsked(slug)];
    return pathname === "/" ? HOME_ASKED.slice(0, 1) : [];
  }
  function partsFor(pathname: string, isLive: boolean): readonly string[] {
    if (WATCH.test(pathname)) return [...watch, ...(isLive ? plays : [])];
    return PAST.test(pathname) ? [...past, ...plays] : [];
  }
  return (pathname, { isLive, isAnswered, picture }) =>
    [
      ...(picture === null ? [] : [image(picture)]),
      ...(isAnswered ? [] : asked(pathname).map(answer)),
      ...partsFor(pathname, isLive),
    ].join("\n    ");
}
