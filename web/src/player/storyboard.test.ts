import { expect, test } from "bun:test";
import fc from "fast-check";
import { readStoryboard } from "./storyboard.ts";

const FILE = `WEBVTT

NOTE zero 2026-11-25T22:00:00.000Z

00:00:00.000 --> 00:00:10.000
storyboard-7-0.webp?n=2#xywh=0,0,160,90

01:00:10.500 --> 01:00:20.000
storyboard-7-0.webp?n=2#xywh=160,0,160,90
`;

test("cues name their place in a sheet", () => {
  expect(readStoryboard(FILE, "https://tv.example/live/a/storyboard.vtt?token=x")).toEqual([
    {
      ...{ start: 0, end: 10, url: "https://tv.example/live/a/storyboard-7-0.webp?n=2" },
      ...{ x: 0, y: 0, width: 160, height: 90 },
    },
    {
      ...{ start: 3610.5, end: 3620, url: "https://tv.example/live/a/storyboard-7-0.webp?n=2" },
      ...{ x: 160, y: 0, width: 160, height: 90 },
    },
  ]);
});

test("pictures of other hosts, and what makes no sense, are left out", () => {
  const file =
    "WEBVTT\n\n00:01.000 --> 00:02.000\nhttps://evil.example/a.webp#xywh=0,0,1,1\n\n00:05.000 --> 00:02.000\na#xywh=0,0,1,1\n";
  expect(readStoryboard(file, "https://tv.example/a.vtt")).toEqual([]);
});

test("no text whatever breaks it", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(FILE.length), (junk, at) => {
      readStoryboard(FILE.slice(0, at) + junk + FILE.slice(at), "https://tv.example/a.vtt");
    }),
  );
});
