/**
 * `bun run chat-load`: a chat that holds ten thousand messages while fifty more come each second, in Chromium, by the real socket. Printed beside the
 * same page at rest: what the main thread does for a message, frames, and tasks that are long enough to be felt.
 */
import { chatTopic } from "@streamhub/db";
import type { CDPSession, Page } from "playwright-core";
import { openBrowser } from "./e2e/browser.ts";
import { type SiteUnderTest, startSite } from "./e2e/site-under-test.ts";

const HELD = 10_000;
const PER_SECOND = 50;
const SECONDS = 10;
const WRITERS = 400;
const AT_ONCE = 250;

interface Measured {
  readonly frames: number;
  /** Milliseconds. */
  readonly longestFrame: number;
  readonly longTasks: number;
  readonly script: number;
  readonly layout: number;
  readonly all: number;
}

function messageOf(channelId: number, n: number): string {
  const text = `line ${n}${n % 7 === 0 ? " see https://example.org/a" : ""}${" word".repeat(n % 12)}${n % 5 === 0 ? " @writer-1" : ""}`;
  const data = {
    ...{
      id: n,
      channelId,
      streamId: null,
      badge: n % 50 === 0 ? "moderator" : null,
      text,
      replyTo: null,
      mediaAt: null,
    },
    author: { id: 1_000 + (n % WRITERS), username: `writer-${n % WRITERS}`, fullName: null, avatarUrl: null },
    createdAt: new Date().toISOString(),
  };
  return JSON.stringify({ type: "chat.message", visibility: "public", data });
}

async function fill(site: SiteUnderTest, page: Page, channelId: number): Promise<void> {
  const { events } = site.platform.bus;
  // Until the page's socket is open and hears.
  const heard = page.locator('.chat-lines [data-message="1"]');
  while ((await heard.count()) === 0) {
    await events.publish(chatTopic(channelId), messageOf(channelId, 1));
    await Bun.sleep(200);
  }
  for (let n = 1; n <= HELD; n += AT_ONCE) {
    const last = Math.min(HELD, n + AT_ONCE - 1);
    for (let each = n; each <= last; each++)
      await site.platform.bus.events.publish(chatTopic(channelId), messageOf(channelId, each));
    // No faster than they are read: whoever falls too far behind is cut off.
    await page.locator(`.chat-lines [data-message="${last}"]`).waitFor({ state: "attached" });
  }
}

async function measure(page: Page, cdp: CDPSession, meanwhile: () => Promise<void>): Promise<Measured> {
  const spent = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    const of = (name: string) => (metrics.find((each) => each.name === name)?.value ?? 0) * 1_000;
    return {
      script: of("ScriptDuration"),
      layout: of("LayoutDuration") + of("RecalcStyleDuration"),
      all: of("TaskDuration"),
    };
  };
  await page.evaluate(() => {
    const seen = { frames: 0, longestFrame: 0, longTasks: 0, on: true };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      seen.longTasks += list.getEntries().length;
    }).observe({ type: "longtask" });
    let last = performance.now();
    const frame = (now: number) => {
      seen.frames += 1;
      seen.longestFrame = Math.max(seen.longestFrame, now - last);
      last = now;
      if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const before = await spent();
  await meanwhile();
  const after = await spent();
  const seen = await page.evaluate(() => {
    const { seen } = globalThis as unknown as {
      seen: { frames: number; longestFrame: number; longTasks: number; on: boolean };
    };
    seen.on = false;
    return seen;
  });
  return {
    ...seen,
    script: after.script - before.script,
    layout: after.layout - before.layout,
    all: after.all - before.all,
  };
}

async function talk(site: SiteUnderTest, channelId: number): Promise<void> {
  const began = performance.now();
  for (let n = 0; n < PER_SECOND * SECONDS; n++) {
    await Bun.sleep(Math.max(0, began + (n * 1_000) / PER_SECOND - performance.now()));
    await site.platform.bus.events.publish(chatTopic(channelId), messageOf(channelId, HELD + 1 + n));
  }
}

function print(what: string, { frames, longestFrame, longTasks, script, layout, all }: Measured): void {
  const ms = (value: number) => `${(value / SECONDS).toFixed(1).padStart(6)} ms/s`;
  const fps = `${(frames / SECONDS).toFixed(1)} frames/s, the longest ${longestFrame.toFixed(0)} ms, ${longTasks} tasks over 50 ms`;
  console.log(`${what.padEnd(24)} main thread ${ms(all)} (script ${ms(script)}, layout ${ms(layout)})  ${fps}`);
}

const site = await startSite(() => new Response("", { status: 404 }));
const browser = await openBrowser();
try {
  const { id } = await site.platform.makeChannel("lively", { title: "Lively" });
  const { page, errors } = await browser.view();
  await page.goto(`${site.origin}/watch/lively`);
  await page.getByText("Nobody has said anything yet.").waitFor();
  await fill(site, page, id);
  const cdp = await page.context().newCDPSession(page);
  // Time of the processor, not of the clock: what else the machine does is not counted.
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  print("at rest", await measure(page, cdp, () => Bun.sleep(SECONDS * 1_000)));
  print(`${PER_SECOND} messages a second`, await measure(page, cdp, () => talk(site, id)));
  const shown = await page.locator(".chat-line").count();
  await page.locator(`.chat-lines [data-message="${HELD + PER_SECOND * SECONDS}"]`).waitFor({ state: "attached" });
  console.log(`${HELD} messages held, ${shown} lines in the document`);
  if (errors.length > 0) throw new Error(errors.join("\n"));
} finally {
  await browser.close();
  await site.close();
}
