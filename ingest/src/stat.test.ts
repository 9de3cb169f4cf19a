import { expect, test } from "bun:test";
import { ms } from "./bytes/units.ts";
import { Registry } from "./live/registry.ts";
import { NOBODY } from "./live/testing/nobody.ts";
import { makeFlv, testBroadcast } from "./remux/testing/flv.ts";
import { makeStat } from "./stat.ts";

const textIn = (xml: string, name: string) => new RegExp(`<stream>.*?<${name}>([^<]*)</${name}>`, "s").exec(xml)?.[1];

test("says what is live as nginx-rtmp does: by public name, with the bit rates of the last ten seconds", async () => {
  const tags = await makeFlv({ seconds: 4, video: { gop: 30, size: "320x180" }, audio: {} });
  const registry = new Registry();
  let now = Date.now();
  const stat = makeStat(registry, () => now);
  expect(stat.xml()).toContain("<live>\n<nclients>0</nclients></live>");
  const broadcast = testBroadcast("one");
  registry.start(broadcast);
  expect(textIn(stat.xml(), "bw_video")).toBe("0");

  stat.tick();
  const sums = { audio: 0, video: 0, script: 0 };
  for (const { kind, timestamp, body } of tags) {
    broadcast.push(kind, timestamp, body);
    sums[kind] += body.length;
  }
  now += 4_000;
  for (let second = 0; second < 4; second++) stat.tick();
  const xml = stat.xml();
  expect(xml).toContain("<application><name>live</name>");
  expect(textIn(xml, "name")).toBe("one");
  expect(textIn(xml, "bw_video")).toBe(String(sums.video * 2));
  expect(textIn(xml, "bw_audio")).toBe(String(sums.audio * 2));
  expect(textIn(xml, "bw_in")).toBe(String((sums.audio + sums.video) * 2));
  expect(textIn(xml, "bytes_in")).toBe(String(sums.audio + sums.video + sums.script));
  expect(xml).toContain(
    "<video><width>320</width><height>180</height><frame_rate>30.000</frame_rate><codec>H264</codec></video>",
  );
  expect(xml).toContain("<audio><codec>AAC</codec></audio>");

  // Nothing more comes: in ten seconds the rate is nothing.
  for (let second = 0; second < 10; second++) stat.tick();
  expect(textIn(stat.xml(), "bw_video")).toBe("0");

  registry.suspend(broadcast, ms(now), ms(60_000));
  expect(stat.xml()).not.toContain("<stream>");
  registry.resume(broadcast, NOBODY, ms(now));
  expect(textIn(stat.xml(), "name")).toBe("one");
  registry.end(broadcast, ms(now));
  expect(stat.xml()).not.toContain("<stream>");
});
