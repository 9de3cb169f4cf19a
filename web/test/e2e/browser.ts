/** A real Chromium for end-to-end tests: fresh profile, console errors collected, everything closed at the end. */
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where Debian's package puts it. A machine without it fails the tests: they are never skipped. */
const CHROMIUM = "/usr/bin/chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

/** As people's browsers call themselves: the headless one's name is that of a machine, and machines are not counted as viewers. */
const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

export interface View {
  readonly page: Page;
  /** Errors that the page has put on its console or thrown so far. */
  readonly errors: readonly string[];
}

export interface TestBrowser {
  /** Opens a page in a context of its own: no storage, cache or choice is shared with another one. */
  view(options?: BrowserContextOptions): Promise<View>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<TestBrowser> {
  // Playwright makes a temporary user-data-dir per launch and removes it on close.
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });
  return {
    async view(options = {}) {
      const context = await browser.newContext({
        locale: "en-GB",
        viewport: { width: 1440, height: 900 },
        userAgent: USER_AGENT,
        ...options,
      });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      return { page, errors };
    },
    close: () => browser.close(),
  };
}

/** The clock of the page's video; -1 while there is none. */
export function videoTime(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector("video")?.currentTime ?? -1);
}

/**
 * Waits until the video has played for some seconds, and fails when it does not within the time. Only small steps of its clock count: a
 * seek to the live edge is not playing.
 */
export async function videoAdvances(page: Page, seconds: number, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  let last = await videoTime(page);
  let played = 0;
  while (played < seconds) {
    if (Date.now() > deadline)
      throw new Error(`the video played ${played.toFixed(2)} of ${seconds} s within ${withinMs} ms`);
    await page.waitForTimeout(100);
    const now = await videoTime(page);
    const step = now - last;
    if (last > 0 && step > 0 && step < 1) played += step;
    last = now;
  }
}

/** Chooses how the player gets its media, in its settings. */
export async function chooseDelivery(page: Page, name: "HLS" | "DASH" | "Ultra low latency"): Promise<void> {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("radio", { name, exact: true }).check();
  await page.keyboard.press("Escape");
}
