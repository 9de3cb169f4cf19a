/** What a first visit costs. The player libraries are large and must stay out of it. */
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readHints } from "../src/page-hints.ts";
import { builtSite } from "./built-site.ts";

const KB = 1024;
let dist: string;
let html: string;
const gzip = (file: string) => Bun.gzipSync(new Uint8Array(readFileSync(join(dist, file)))).byteLength;

beforeAll(async () => {
  dist = await builtSite();
  html = readFileSync(join(dist, "index.html"), "utf8");
}, 60_000);

/** Scripts and style sheets that the page names itself, which is all that a first visit of the home page loads. */
const named = (pattern: RegExp, page = html) => [...page.matchAll(pattern)].map((match) => match[1] ?? "");
const SCRIPTS = [/<script[^>]*src="\/([^"]+)"/g, /rel="modulepreload"[^>]*href="\/([^"]+)"/g] as const;

describe("the first visit", () => {
  test("loads at most 90 KB of script and 12 KB of style, gzip", () => {
    const scripts = SCRIPTS.flatMap((pattern) => named(pattern));
    const styles = named(/rel="stylesheet"[^>]*href="\/([^"]+)"/g);
    expect(scripts.length).toBeGreaterThan(1);
    expect(styles.length).toBeGreaterThan(0);
    expect(scripts.reduce((total, file) => total + gzip(file), 0)).toBeLessThan(90 * KB);
    expect(styles.reduce((total, file) => total + gzip(file), 0)).toBeLessThan(12 * KB);
  });

  test("has no inline script or style, which the content policy would refuse", () => {
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  });

  test("names no other host", () => {
    expect(named(/(?:src|href)="(https?:)?\/\/[^"]*"/g)).toEqual([]);
  });
});

test("hls.js and dash.js are chunks of their own, below 200 and 250 KB gzip", () => {
  const files = readdirSync(join(dist, "assets"));
  for (const [name, limit] of [
    ["make-hls", 200],
    ["make-dash", 250],
  ] as const) {
    const chunks = files.filter((file) => file.startsWith(name) && file.endsWith(".js"));
    expect(chunks).toHaveLength(1);
    expect(html).not.toContain(name);
    expect(gzip(join("assets", chunks[0] ?? ""))).toBeLessThan(limit * KB);
  }
});

test("the player for other pages is at most 60 KB of our own script, gzip", () => {
  const page = readFileSync(join(dist, "embed.html"), "utf8");
  const scripts = SCRIPTS.flatMap((pattern) => named(pattern, page));
  expect(scripts.length).toBeGreaterThan(1);
  expect(scripts.join()).not.toMatch(/make-(hls|dash)/);
  expect(scripts.reduce((total, file) => total + gzip(file), 0)).toBeLessThan(60 * KB);
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
});

describe("the head of a page", () => {
  const hinted = (path: string, isLive: boolean, isAnswered = false, picture: string | null = null) =>
    named(/href="\/([^"]+)"/g, readHints(dist)(path, { isLive, isAnswered, picture }));

  test("names what a channel's page needs, and the player's library only where something plays", () => {
    const idle = hinted("/watch/night-train", false);
    expect(idle).toContain("api/channels?slug=night-train");
    for (const name of ["watch", "player-view"]) expect(idle.join()).toMatch(new RegExp(`assets/${name}-[\\w-]+\\.js`));
    expect(idle.join()).not.toContain("make-");
    const live = hinted("/watch/night-train", true);
    expect(live.filter((file) => !idle.includes(file)).join()).toMatch(/^assets\/make-hls-[\w-]+\.js$/);
    const files = live.filter((file) => file.startsWith("assets/"));
    expect(new Set(files).size).toBe(files.length);
    for (const file of files) expect(existsSync(join(dist, file))).toBe(true);
  });

  test("names nothing for pages that need nothing more, and nothing that was typed", () => {
    expect(hinted("/settings", false)).toEqual([]);
    expect(hinted('/watch/"><script>', true)).toEqual([]);
    expect(hinted("/", false)).toEqual(["api/streams?live=true&amp;limit=24"]);
  });

  test("names a picture that is in view, and no answer that comes with the page", () => {
    expect(hinted("/", false, true)).toEqual([]);
    expect(hinted("/", false, true, '/live/a/thumbnail.webp?"')).toEqual(["live/a/thumbnail.webp?&quot;"]);
    expect(hinted("/watch/night-train", true, true).join()).not.toContain("api/");
  });
});
