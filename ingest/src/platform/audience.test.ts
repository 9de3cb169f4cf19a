import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Bus, makeViewerCookie, VIEWER_COOKIE, VIEWER_TTL, viewersSet } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { type BusAudience, makeAudience } from "./audience.ts";

const SECRET = "a secret for tests, 32 characters and more";
const VLC = "VLC/3.0.21 LibVLC/3.0.21";
let now = 0;
let bus: Bus;
let audience: BusAudience;
let touches: number;

beforeEach(() => {
  now = 1_000_000;
  touches = 0;
  const real = makeInProcessBus(() => now);
  bus = {
    ...real,
    presence: {
      ...real.presence,
      touch(entries) {
        touches += entries.length;
        return real.presence.touch(entries);
      },
    },
  };
  audience = makeAudience({ bus, secret: SECRET, now: () => now });
});
afterEach(async () => {
  await audience.stop();
  await bus.close();
});

interface Asking {
  readonly cookie?: string;
  readonly address?: string;
  readonly userAgent?: string;
  readonly streamId?: number;
}

function ask({ cookie, address = "192.0.2.1", userAgent = VLC, streamId = 1 }: Asking = {}): void {
  const headers = {
    "user-agent": userAgent,
    ...(cookie === undefined ? {} : { cookie: `${VIEWER_COOKIE}=${cookie}` }),
  };
  audience.saw(streamId, new Request("http://host/live/one/video/index.m3u8", { headers }), address);
}
const count = async (streamId = 1) => {
  await audience.flush();
  return bus.presence.count(viewersSet(streamId));
};

describe("viewers by their playlist requests", () => {
  test("are one each, however often and for how many renditions they ask", async () => {
    for (let n = 0; n < 50; n++) ask();
    expect(await count()).toBe(1);
    for (let n = 0; n < 120; n++) {
      now += 500;
      ask();
      if (n % 2 === 1) await audience.flush();
    }
    expect(await count()).toBe(1);
    // A minute of two requests a second.
    expect(touches).toBeLessThanOrEqual(13);
  });

  test("are told apart by cookie, or else by address and program; and by stream", async () => {
    const cookie = makeViewerCookie();
    ask();
    ask({ address: "192.0.2.2" });
    ask({ userAgent: "mpv 0.40" });
    ask({ cookie });
    ask({ cookie, address: "192.0.2.3" });
    expect(await count()).toBe(4);
    ask({ cookie, streamId: 2 });
    expect([await count(), await count(2)]).toEqual([4, 1]);
  });

  test("are gone when they ask no more", async () => {
    ask();
    ask({ address: "192.0.2.2" });
    expect(await count()).toBe(2);
    now += VIEWER_TTL - 1_000;
    ask();
    expect(await count()).toBe(2);
    now += 1_001;
    expect(await count()).toBe(1);
  });

  test("are no bots, with a cookie either", async () => {
    for (const userAgent of ["curl/8.5.0", "Googlebot/2.1", "Prometheus/3.0"]) ask({ userAgent });
    ask({ userAgent: "Wget/1.24", cookie: makeViewerCookie() });
    expect(await count()).toBe(0);
    ask({ userAgent: "" });
    expect(await count()).toBe(1);
  });

  test("who makes up names is not believed for long; others are", async () => {
    for (let n = 0; n < 5_000; n++) ask({ userAgent: `VLC/3.${n}` });
    for (let n = 0; n < 5_000; n++) ask({ cookie: makeViewerCookie() });
    expect(await count()).toBe(600);
    ask({ address: "198.51.100.1" });
    expect(await count()).toBe(601);
  });

  test("a bus that fails is no matter", async () => {
    bus.presence.touch = () => Promise.reject(new Error("away"));
    ask();
    await audience.flush().catch(() => {});
    await audience.stop();
  });
});
