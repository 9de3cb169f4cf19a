import { describe, expect, test } from "bun:test";
import { makeSessionFetch } from "./make-session-fetch.ts";

/** Tabs of one browser: they share the cookies and what is remembered of access, and one lock. */
function makeBrowser(answer: (path: string, browser: { until: number }) => Response | Promise<Response>) {
  const asked: string[] = [];
  const browser = { until: 0, token: "t" as string | null, over: 0, asked, tab };
  let lock: Promise<unknown> = Promise.resolve();
  function tab() {
    return makeSessionFetch({
      async fetch(input, init) {
        const csrf = new Headers(init?.headers).get("x-csrf-token");
        asked.push(`${init?.method ?? "GET"} ${input}${csrf === null ? "" : ` ${csrf}`}`);
        return answer(input, browser);
      },
      token: () => browser.token,
      accessUntil: () => browser.until,
      noteAccess: (seconds) => {
        browser.until = seconds === null ? 0 : 1_000_000 + seconds * 1000;
      },
      alone: (task) => {
        const next = lock.then(task);
        lock = next.catch(() => {});
        return next;
      },
      onOver: () => {
        browser.over += 1;
      },
      now: () => 1_000_000,
    });
  }
  return browser;
}
const renewed = () => Response.json({ expiresIn: 900 });
const FRESH = 1_000_000 + 600_000;

describe("a session's fetch", () => {
  test("of a guest asks for nothing else", async () => {
    const browser = makeBrowser(() => new Response(null, { status: 401 }));
    browser.token = null;
    expect((await browser.tab()("/api/channels")).status).toBe(401);
    expect(browser.asked).toEqual(["GET /api/channels"]);
  });

  test("repeats the CSRF cookie on writes only", async () => {
    const browser = makeBrowser(() => Response.json({}));
    browser.until = FRESH;
    const tab = browser.tab();
    await tab("/api/auth/me");
    await tab("/api/channels", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    expect(browser.asked).toEqual(["GET /api/auth/me", "POST /api/channels t"]);
  });

  test("renews access that has run out once, for all that ask in all tabs", async () => {
    const browser = makeBrowser((path) => (path.endsWith("refresh") ? renewed() : Response.json({})));
    const [one, two] = [browser.tab(), browser.tab()];
    await Promise.all([one("/a"), one("/b"), two("/c"), two("/d")]);
    expect(browser.asked.filter((line) => line.includes("refresh"))).toEqual(["POST /api/auth/refresh t"]);
    expect(browser.asked).toHaveLength(5);
  });

  test("renews after a 401 that nobody expected, and asks once more", async () => {
    let good = false;
    const browser = makeBrowser((path) => {
      if (path.endsWith("refresh")) {
        good = true;
        return renewed();
      }
      return new Response(null, { status: good ? 200 : 401 });
    });
    browser.until = FRESH;
    expect((await browser.tab()("/api/auth/me")).status).toBe(200);
    expect(browser.asked).toEqual(["GET /api/auth/me", "POST /api/auth/refresh t", "GET /api/auth/me"]);
  });

  test("goes on when another tab was faster by a moment", async () => {
    const browser = makeBrowser((path) => new Response(null, { status: path.endsWith("refresh") ? 409 : 200 }));
    expect((await browser.tab()("/a")).status).toBe(200);
    expect(browser.over).toBe(0);
  });

  test("says that the session is over when the server says so, and not when it is away", async () => {
    for (const [status, over] of [
      [401, 1],
      [503, 0],
    ] as const) {
      const browser = makeBrowser((path) => {
        if (!path.endsWith("refresh")) return new Response(null, { status: 401 });
        if (status === 401) browser.token = null;
        return new Response(null, { status });
      });
      expect((await browser.tab()("/a")).status).toBe(401);
      expect(browser.over).toBe(over);
    }
  });

  test("leaves a wrong password alone", async () => {
    const browser = makeBrowser(() => new Response(null, { status: 401 }));
    expect((await browser.tab()("/api/auth/login", { method: "POST" })).status).toBe(401);
    expect(browser.asked).toEqual(["POST /api/auth/login t"]);
  });
});
