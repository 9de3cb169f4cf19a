import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { UsageError } from "../cli/options.ts";
import { Histogram } from "../measure/histogram.ts";
import { percentile } from "../measure/statistics.ts";
import { renderCsv } from "../report/csv.ts";
import { renderPage } from "../report/html.ts";
import { readAddresses, readRtmpUrl, shownUrl } from "./address.ts";
import { failedGates, readGates } from "./gate.ts";
import { clock, makeLiveView, sparkline } from "./live-view.ts";
import { distribution, type Outcome, value } from "./outcome.ts";
import { Recorder } from "./recorder.ts";
import { bitsOf, secondsOf } from "./values.ts";

const FIGURES = { publish_ms: distribution("ms", ""), disconnects: value("", "") };

describe("histogram", () => {
  test("percentiles are at most 1.5 % off, however the values were split and merged", () => {
    const values = fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.nat(200), (all, cut) => {
        const [one, other] = [new Histogram(), new Histogram()];
        for (const [index, each] of all.entries()) (index < cut ? one : other).add(each);
        const taken = other.take();
        if (taken !== null) one.merge(JSON.parse(JSON.stringify(taken)));
        const sorted = all.toSorted((a, b) => a - b);
        for (const percent of [0, 50, 90, 99, 100]) {
          // Nearest rank, as the histogram counts.
          const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length - 1e-9) - 1)]!;
          expect(Math.abs(one.percentile(percent) - exact)).toBeLessThanOrEqual(exact * 0.015 + 1e-9);
        }
        expect(one.summary().max).toBe(percentile(all, 100));
        expect(one.count).toBe(all.length);
      }),
    );
  });

  test("of nothing", () => {
    expect(new Histogram().percentile(50)).toBeNaN();
    expect(new Histogram().take()).toBeNull();
  });
});

describe("values", () => {
  test("times", () => {
    expect(secondsOf("duration", "20s", 0, 100)).toBe(20);
    expect(secondsOf("duration", "1.5m", 0, 100)).toBe(90);
    expect(secondsOf("duration", "250ms", 0, 100)).toBe(0.25);
    expect(secondsOf("duration", "7", 0, 100)).toBe(7);
    for (const bad of ["", "s", "20 apples", "-1s", "1e3"]) {
      expect(() => secondsOf("duration", bad, 0, 100)).toThrow("--duration takes a time such as");
    }
    expect(() => secondsOf("duration", "2h", 0, 3_600)).toThrow("--duration must be 0s to 1h.");
  });

  test("rates", () => {
    expect(bitsOf("bitrate", "600k", 1, 1e9)).toBe(600_000);
    expect(bitsOf("bitrate", "2.5M", 1, 1e9)).toBe(2.5e6);
    expect(() => bitsOf("bitrate", "fast", 1, 1e9)).toThrow(UsageError);
  });
});

describe("addresses", () => {
  const options = { keys: "", isOwned: false, insecure: false, isShared: false };

  test("parts of a URL", () => {
    expect(readRtmpUrl("rtmp://127.0.0.1/live/KEY")).toEqual({
      target: { host: "127.0.0.1", port: 1935, app: "live", tls: null },
      name: "KEY",
    });
    expect(readRtmpUrl("rtmps://[::1]:4430/a/b/KEY?token=/x", true)).toEqual({
      target: { host: "::1", port: 4430, app: "a/b", tls: { insecure: true } },
      name: "KEY?token=/x",
    });
    for (const bad of [
      "",
      "http://x/live/k",
      "rtmp://",
      "rtmp://h",
      "rtmp://h/app",
      "rtmp://u@h/app/key",
      "rtmp://h:0/a/k",
    ])
      expect(() => readRtmpUrl(bad)).toThrow(UsageError);
  });

  test("{n} counts publishers, and is put behind a key that has none", async () => {
    const given = await readAddresses({ ...options, url: "rtmp://localhost/live{n}/k-{n}", count: 2 });
    expect(given.addresses.map(({ target, name }) => `${target.app}/${name}`)).toEqual(["live1/k-1", "live2/k-2"]);
    const plain = await readAddresses({ ...options, url: "rtmp://localhost/live/k?a=1", count: 2 });
    expect(plain.addresses.map(({ name }) => name)).toEqual(["k-1?a=1", "k-2?a=1"]);
    expect(plain.notes).toHaveLength(1);
  });

  test("other machines only for their owners", async () => {
    const far = { ...options, url: "rtmp://live.example.com/live/k", count: 1 };
    expect(readAddresses(far)).rejects.toThrow("--i-own-this-server");
    expect((await readAddresses({ ...far, isOwned: true })).addresses).toHaveLength(1);
    expect(readAddresses({ ...far, url: "rtmp://127.0.0.1.example.com/live/k" })).rejects.toThrow(UsageError);
  });

  test("keys are never shown", () => {
    expect(shownUrl("rtmp://h:1/live/SECRET")).toBe("rtmp://h:1/live/***");
    expect(shownUrl("rtmp://h/a/b/SECRET?also=SECRET")).toBe("rtmp://h/a/b/***");
    expect(shownUrl("rtmp://h/live/{n}")).toBe("rtmp://h/live/{n}");
    expect(shownUrl("http://h/x.m3u8?token=SECRET&b=1")).toBe("http://h/x.m3u8?token=***&b=1");
  });
});

describe("--fail-if", () => {
  const outcome = (values: Outcome["values"]): Outcome => {
    const histogram = new Histogram();
    for (let at = 1; at <= 100; at++) histogram.add(at);
    return { distributions: { publish_ms: histogram.summary() }, values, rows: [], reasons: {}, notes: [] };
  };

  test("holds, or does not", () => {
    const gates = readGates("p99.publish_ms>50\ndisconnects>0, max.publish_ms >= 1000", FIGURES);
    expect(failedGates(gates, outcome({ disconnects: 0 }))).toEqual([
      expect.stringMatching(/^--fail-if p99\.publish_ms>50: it is (98|99|100)/),
    ]);
    expect(failedGates(gates, outcome({ disconnects: 2 }))).toHaveLength(2);
  });

  test("what was not measured fails", () => {
    expect(failedGates(readGates("disconnects>0", FIGURES), outcome({}))).toEqual([
      "--fail-if disconnects>0: disconnects was not measured.",
    ]);
  });

  test("mistakes are said before anything runs", () => {
    expect(() => readGates("p99.speed>1", FIGURES)).toThrow(
      'There is no figure "speed". Known here: publish_ms, disconnects.',
    );
    expect(() => readGates("publish_ms>1", FIGURES)).toThrow("publish_ms is a distribution");
    expect(() => readGates("p99.disconnects>1", FIGURES)).toThrow("disconnects is one value");
    expect(() => readGates("p42.publish_ms>1", FIGURES)).toThrow(UsageError);
    expect(() => readGates("rm -rf", FIGURES)).toThrow(UsageError);
  });
});

test("the recorder counts in the time measured, apart from what counts from the start", () => {
  const recorder = new Recorder({ ...FIGURES, joined: value("", "", true) });
  const delta = {
    counts: { disconnects: 1, joined: 1 },
    samples: {},
    gauges: { live: 3 },
    reasons: { "went away": 1 },
  };
  recorder.merge("a", delta);
  recorder.isMeasuring = true;
  recorder.merge("b", delta);
  expect([recorder.total("disconnects"), recorder.total("joined"), recorder.gaugeSum("live")]).toEqual([1, 2, 6]);
  expect(recorder.outcome().reasons).toEqual({ "went away": 2 });
});

test("progress: one line drawn again on a terminal, plain lines where it is piped", () => {
  const columns = { rate: { title: "sent", unit: "Mbit/s" } };
  const view = { startedAt: performance.now(), phase: { text: "publishing", since: performance.now(), seconds: 9 } };
  for (const isTTY of [true, false]) {
    const written: string[] = [];
    const live = makeLiveView({
      columns,
      headline: ["rate"],
      isQuiet: false,
      out: { isTTY, write: (text) => written.push(text) },
    });
    live.row({ t: 1, rate: 2 }, view);
    live.row({ t: 2, rate: 4 }, view);
    live.end();
    expect(written.join("").includes("\x1b")).toBe(isTTY);
    expect(written.join("").includes("▄█")).toBe(isTTY);
    expect(written.join("")).toContain("sent 4 Mbit/s  9 s left");
  }
  expect(sparkline([0, Number.NaN, 1])).toBe("▁▁█");
  expect([clock(59.6), clock(3_725), clock(5)]).toEqual(["1:00", "1:02:05", "5 s"]);
});

test("CSV has every column, and nothing for what is not known", () => {
  expect(
    renderCsv([
      { t: 1, a: 2 },
      { t: 2, b: Number.NaN },
    ]),
  ).toBe("t,a,b\r\n1,2,\r\n2,,\r\n");
});

test("the page needs nothing else, and no text leaves its place", async () => {
  const evil = "</script><img src=x onerror=alert(1)>";
  const page = await renderPage({
    title: evil,
    subtitle: evil,
    body: "",
    charts: [{ title: evil, series: [evil], data: [[1], [2]] }],
    document: { evil },
  });
  expect(page).not.toContain("<img");
  expect(page).not.toMatch(/<(script|link|img)[^>]*(src|href)=/);
  expect(page).toContain("prefers-color-scheme");
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
  expect(JSON.parse(data).document.evil).toBe(evil);
});
