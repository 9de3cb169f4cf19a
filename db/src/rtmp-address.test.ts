import { describe, expect, test } from "bun:test";
import { readRtmpAddress, readRtmpTarget } from "./rtmp-address.ts";

describe("addresses", () => {
  test.each([
    ["rtmp://a.example/live", false, "a.example", 1935, "live", "rtmp://a.example/live"],
    ["rtmps://a.example/app/x/", true, "a.example", 443, "app/x", "rtmps://a.example/app/x"],
    ["rtmps://a.example:443/rtmp/", true, "a.example", 443, "rtmp", "rtmps://a.example:443/rtmp"],
    ["rtmp://[2001:db8::1]:19350/l", false, "2001:db8::1", 19350, "l", "rtmp://[2001:db8::1]:19350/l"],
  ] as const)("%s", (text, isTls, host, port, app, tcUrl) =>
    expect(readRtmpAddress(text)).toEqual({ isTls, host, port, app, tcUrl }),
  );

  test.each([
    ...["", "nothing", "http://a.example/live", "rtmp://a.example", "rtmp://a.example/", "rtmp://u@a.example/live"],
    ...["rtmp://u:p@a.example/live", "rtmp://a.example/live?k=1", "rtmp://a.example/live#k", "rtmp:///live"],
    "rtmp://a.example:0/live",
  ])("%p is none", (text) => expect(readRtmpAddress(text)).toBeNull());
});

describe("an address and its key", () => {
  test.each([
    ["rtmp://a.example/live", "k", "rtmp://a.example/live", "k"],
    ["rtmp://a.example/live/k", "k", "rtmp://a.example/live", "k"],
    ["rtmp://a.example/live/k", undefined, "rtmp://a.example/live", "k"],
    ["rtmp://a.example/app/instance/k?x=/y", undefined, "rtmp://a.example/app/instance", "k?x=/y"],
    ["rtmp://a.example/live/", "k", "rtmp://a.example/live", "k"],
    ["rtmps://a.example:443/rtmp/", "live_1?s=2", "rtmps://a.example:443/rtmp", "live_1?s=2"],
  ] as const)("%s and %p", (url, key, tcUrl, found) => {
    const target = readRtmpTarget(url, key);
    expect([target?.address.tcUrl, target?.key]).toEqual([tcUrl, found]);
  });

  test.each([
    ["rtmp://a.example/live", undefined],
    ["rtmp://a.example/live/", undefined],
    ["rtmp://a.example", undefined],
    ["rtmp://k", "k"],
    ["rtmp://a.example/live/k?x=1", "another"],
  ] as const)("%s and %p are none", (url, key) => expect(readRtmpTarget(url, key)).toBeNull());
});
