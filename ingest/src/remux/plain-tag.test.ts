import { expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { type MediaKind, makeMediaTag } from "../live/media-tag.ts";
import { plainBody } from "./plain-tag.ts";

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));
const AVC1 = "61766331";
const HVC1 = "68766331";
const MP4A = "6d703461";
const OPUS = "4f707573";

const CASES: readonly { name: string; kind: MediaKind; body: string; plain: string }[] = [
  { name: "classic H.264 stays", kind: "video", body: "17 01 000043 aabb", plain: "17 01 000043 aabb" },
  { name: "classic AAC stays", kind: "audio", body: "af 01 aabb", plain: "af 01 aabb" },
  { name: "enhanced H.264 configuration", kind: "video", body: `90 ${AVC1} 01aabb`, plain: "17 00 000000 01aabb" },
  {
    name: "enhanced H.264 with a composition time",
    kind: "video",
    body: `a1 ${AVC1} 000043 aabb`,
    plain: "27 01 000043 aabb",
  },
  { name: "enhanced H.264, dts = pts", kind: "video", body: `93 ${AVC1} aabb`, plain: "17 01 000000 aabb" },
  { name: "HEVC stays enhanced", kind: "video", body: `93 ${HVC1} aabb`, plain: `93 ${HVC1} aabb` },
  {
    name: "HEVC with a composition time",
    kind: "video",
    body: `91 ${HVC1} 000021 aabb`,
    plain: `91 ${HVC1} 000021 aabb`,
  },
  { name: "HEVC by the classic id 12", kind: "video", body: "1c 01 000021 aabb", plain: `91 ${HVC1} 000021 aabb` },
  {
    name: "HEVC configuration by the classic id 12",
    kind: "video",
    body: "1c 00 000000 aabb",
    plain: `90 ${HVC1} aabb`,
  },
  { name: "multitrack of one", kind: "video", body: `96 01 ${AVC1} 00 000043 aabb`, plain: "17 01 000043 aabb" },
  {
    name: "multitrack of many: the first",
    kind: "video",
    body: `96 13 ${AVC1} 00 000002 aabb 01 000001 cc`,
    plain: "17 01 000000 aabb",
  },
  { name: "ModEx", kind: "video", body: `97 02 000001 03 ${AVC1} aabb`, plain: "17 01 000000 aabb" },
  { name: "enhanced AAC configuration", kind: "audio", body: `90 ${MP4A} 1190`, plain: "af 00 1190" },
  { name: "enhanced AAC", kind: "audio", body: `91 ${MP4A} aabb`, plain: "af 01 aabb" },
  { name: "enhanced Opus", kind: "audio", body: `95 01 ${OPUS} 00 aabb`, plain: `91 ${OPUS} aabb` },
];

test.each(CASES)("$name", ({ kind, body, plain }) => {
  const tag = makeMediaTag(kind, ms(0), hex(body))!;
  expect(plainBody(tag)!.toHex()).toBe(hex(plain).toHex());
});
