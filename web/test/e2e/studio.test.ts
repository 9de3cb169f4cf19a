/** A streamer's way, in a real browser at the real server with a real encoder: an account, a channel, the first broadcast, its numbers. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import {
  makeDataDir,
  publish,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
} from "../../../cli/e2e/server.ts";
import { builtSite } from "../built-site.ts";
import { violations } from "./accessibility.ts";
import { openBrowser, type TestBrowser, videoAdvances } from "./browser.ts";
import { createChannel, PASSWORD, register } from "./streamer.ts";

setDefaultTimeout(180_000);

let dataDir: string;
let server: TestServer;
let browser: TestBrowser;

beforeAll(async () => {
  await builtSite();
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  removeDataDir(dataDir);
});

/** Presses Tab until the control of this name has the keyboard. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    const reached = await page.evaluate(() => {
      const element = document.activeElement;
      const labels =
        element instanceof HTMLInputElement ? [...(element.labels ?? [])].map((label) => label.textContent) : [];
      return [element?.getAttribute("aria-label") ?? "", ...labels, element?.textContent ?? ""].join(" ").trim();
    });
    if (name.test(reached)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard never came to ${name}`);
}

describe("a first broadcast", () => {
  test("by keyboard to the key, live by itself, watched over, stopped, counted", async () => {
    const { page, errors } = await browser.view({ permissions: ["clipboard-read", "clipboard-write"] });
    // An account and a channel without touching the mouse.
    await page.goto(`${server.site}/register`);
    await page.getByRole("heading", { name: "Create an account" }).waitFor();
    await tabTo(page, /^Username/);
    await page.keyboard.type("ada");
    await tabTo(page, /^E-mail address/);
    await page.keyboard.type("not an address");
    await tabTo(page, /^Password/);
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    // Without agreeing it goes nowhere, and the keyboard is taken to what is missing.
    await page.getByText("Without agreeing there can be no account.").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("type") === "checkbox");
    await page.keyboard.press("Space");
    await tabTo(page, /^Create account/);
    await page.keyboard.press("Enter");
    await page.getByText("This does not look like an e-mail address.").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("type") === "email");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("ada@example.org");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Create a channel" }).waitFor();
    await tabTo(page, /^Title/);
    await page.keyboard.type("Night Train");
    await page.getByText("This name is free.").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${server.site}/studio/night-train/go-live`);
    await page.getByText("Waiting for your encoder").waitFor();
    await tabTo(page, /^Copy the stream key/);
    await page.keyboard.press("Enter");
    await page.getByText("Copied", { exact: true }).first().waitFor();
    const key = await page.evaluate(() => navigator.clipboard.readText());
    expect(key).toMatch(/^[\w-]{20,}$/);
    expect(await page.content()).not.toContain(key);

    const encoder = publish(`${server.rtmp}/${key}`);
    await page.getByText("You are on air").waitFor({ timeout: 30_000 });
    await page.getByRole("link", { name: "Watch over it in the studio" }).click();
    await page.getByText("All is well: nothing to change.").waitFor({ timeout: 60_000 });
    await page.getByText(/now \d[\d,]* kbit\/s/).waitFor();
    expect(await page.locator(".chart canvas").count()).toBe(4);
    // Something is drawn on the chart of the bitrate: more than axes are opaque there.
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas");
      const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let reddish = 0;
      for (let i = 0; i < pixels.length; i += 4)
        if ((pixels[i + 3] ?? 0) > 200 && (pixels[i] ?? 0) > (pixels[i + 2] ?? 0) + 100) reddish++;
      return reddish > 20;
    });
    await videoAdvances(page, 2, 40_000);

    await page.getByRole("textbox", { name: "Title" }).fill("Night Train to Murmansk");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const viewer = await browser.view();
    await viewer.page.goto(`${server.site}/watch/night-train`);
    await viewer.page.getByRole("heading", { name: "Night Train to Murmansk" }).waitFor();
    await videoAdvances(viewer.page, 3, 40_000);
    await viewer.page.context().close();

    await page.getByRole("button", { name: "Stop the broadcast" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop the broadcast" }).click();
    await page.getByText("Waiting for your encoder").waitFor({ timeout: 30_000 });
    await encoder.stop();

    await page.getByRole("link", { name: "Statistics" }).click();
    await page.getByRole("link", { name: "Night Train to Murmansk" }).waitFor();
    const views = page.locator(".figure", { has: page.getByText("Views", { exact: true }) }).locator(".figure-value");
    // Views are written down some seconds later.
    for (let tries = 0; tries < 30 && (await views.textContent()) === "0"; tries++) {
      await page.waitForTimeout(1_000);
      await page.reload();
      await views.waitFor();
    }
    expect(await views.textContent()).toBe("1");
    const file = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as CSV: Day by day" }).click();
    expect((await file).suggestedFilename()).toMatch(/^channel-\d+-daily-.*\.csv$/);
    await page.getByRole("link", { name: "Night Train to Murmansk" }).click();
    await page.getByRole("heading", { name: "How many stay" }).waitFor();
    expect(errors).toEqual(errors.filter((line) => line.includes("422")));
    await page.context().close();
  });

  test("plans go and come back: a deletion is undone, a start waits for the encoder", async () => {
    const { page } = await browser.view();
    await register(page, server.site, "boris");
    const { slug, streamKey } = await createChannel(page, server.site, "Late Kitchen");
    await page.goto(`${server.site}/studio/${slug}/streams`);
    await page.getByRole("button", { name: "Plan a broadcast" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill("Leftovers");
    await dialog.getByRole("button", { name: "Plan a broadcast" }).click();
    await page.getByText("Leftovers").first().waitFor();
    await page.getByRole("button", { name: "Delete “Leftovers”" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Start “Leftovers”" }).click();
    await page.getByText("Waiting for your encoder").waitFor();
    const encoder = publish(`${server.rtmp}/${streamKey}`);
    await page.goto(`${server.site}/studio/${slug}`);
    await page.getByText(/on air for/).waitFor({ timeout: 30_000 });
    expect(await page.getByRole("textbox", { name: "Title" }).inputValue()).toBe("Leftovers");
    await encoder.stop();
    await page.context().close();
  });
});

describe("an account", () => {
  test("signs in elsewhere, ends that session, changes its password, and leaves", async () => {
    const here = await browser.view();
    await register(here.page, server.site, "clara");
    const there = await browser.view();
    await there.page.goto(`${server.site}/settings`);
    await there.page.waitForURL(/\/login\?next=%2Fsettings/);
    await there.page.getByLabel("Username or e-mail address").fill("clara");
    await there.page.getByLabel("Password", { exact: true }).fill("wrong one");
    await there.page.getByRole("button", { name: "Sign in" }).click();
    await there.page.getByText("There is no account with this name and this password.").waitFor();
    await there.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await there.page.keyboard.press("Enter");
    await there.page.getByRole("heading", { name: "Settings" }).waitFor();

    await here.page.goto(`${server.site}/settings`);
    await here.page.getByRole("button", { name: /^Sign out there: / }).click();
    await here.page.getByText("That session is over.").waitFor();
    await there.page.reload();
    await there.page.waitForURL(/\/login/);

    const passwords = here.page.locator("section", { has: here.page.getByRole("heading", { name: "Password" }) });
    await passwords.getByLabel("Current password").fill("not it");
    await passwords.getByLabel("New password").fill("another four words here");
    await passwords.getByRole("button", { name: "Change the password" }).click();
    await here.page.getByText("This is not the password of your account.").waitFor();
    await passwords.getByLabel("Current password").fill(PASSWORD);
    await passwords.getByRole("button", { name: "Change the password" }).click();
    await here.page.getByText("The password is changed, and all other sessions are over.").waitFor();

    await here.page.getByRole("button", { name: "Delete the account" }).click();
    const dialog = here.page.getByRole("dialog");
    const go = dialog.getByRole("button", { name: "Delete the account" });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel(/Type your username/).fill("clara");
    await dialog.getByLabel("Current password").fill("another four words here");
    await go.click();
    await here.page.getByText("The account is gone.").waitFor();
    await here.page.getByRole("link", { name: "Sign in" }).waitFor();
    await there.page.context().close();
    await here.page.context().close();
  });

  test("gives a program a token, which works until it is revoked", async () => {
    const { page, errors } = await browser.view();
    await register(page, server.site, "elena");
    await page.goto(`${server.site}/settings`);
    const panel = page.locator("section", { has: page.getByRole("heading", { name: "Programs" }) });
    await panel.getByText("No program has a token of yours.").waitFor();
    await panel.getByLabel("What is it for?").fill("lights in the studio");
    await panel.getByRole("radio", { name: /^Run your channels/ }).check();
    await panel.getByRole("button", { name: "Make a token" }).click();
    const token = (await panel.locator(".copy-value").textContent()) ?? "";
    expect(token).toMatch(/^shp_/);
    const ask = async () =>
      (await fetch(`${server.site}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask()).toBe(200);
    await page.reload();
    await panel.getByText("lights in the studio").waitFor();
    expect(await page.content()).not.toContain(token);
    await panel.getByRole("button", { name: "Revoke: lights in the studio" }).click();
    await page.getByText("The token is revoked.").waitFor();
    expect(await ask()).toBe(401);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("with access that has run out goes on without noticing", async () => {
    const { page, errors } = await browser.view();
    // What the page asks by itself after signing in must have its answer before the cookie is taken away.
    const followed = page.waitForResponse(/\/api\/follows\/ids$/);
    await register(page, server.site, "dora");
    await followed;
    // As after a quarter of an hour.
    await page.context().clearCookies({ name: "streamhub_access" });
    await page.evaluate(() => localStorage.setItem("streamhub.access-until", "1"));
    await page.goto(`${server.site}/settings`);
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect((await page.context().cookies()).some(({ name }) => name === "streamhub_access")).toBe(true);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

describe("axe-core finds nothing", () => {
  let page: Page;
  beforeAll(async () => {
    ({ page } = await browser.view({ reducedMotion: "reduce" }));
    await register(page, server.site, "keeper");
    await createChannel(page, server.site, "Keeper’s channel");
    const made = await streamhub(["user", "role", "keeper", "admin"], { env: { DATA_DIR: dataDir } });
    expect(made.code).toBe(0);
  });

  const MEMBER_PAGES = [
    ...["/settings", "/studio", "/new-channel", "/documents/terms", "/admin", "/admin/users", "/admin/channels"],
    ...["/admin/documents", "/admin/documents/rules", "/admin/audit"],
  ];
  const CHANNEL_PAGES = ["", "/go-live", "/streams", "/statistics", "/settings"];

  for (const colorScheme of ["light", "dark"] as const) {
    for (const locale of ["en", "ru"]) {
      test(`${colorScheme}, ${locale}`, async () => {
        const guest = await browser.view({ colorScheme, locale, reducedMotion: "reduce" });
        for (const path of ["/register", "/login", "/documents/privacy", "/documents/nothing"]) {
          await guest.page.goto(server.site + path);
          await guest.page.getByRole("heading", { level: 1 }).first().waitFor();
          expect({ path, found: await violations(guest.page) }).toEqual({ path, found: [] });
        }
        await guest.page.context().close();
        await page.emulateMedia({ colorScheme });
        await page.evaluate((choice) => localStorage.setItem("streamhub.locale", choice), locale);
        const studio = CHANNEL_PAGES.map((path) => `/studio/keeper-s-channel${path}`);
        for (const path of [...MEMBER_PAGES, ...studio]) {
          await page.goto(server.site + path);
          await page
            .locator("main h1")
            .first()
            .waitFor()
            .catch(async () => {
              throw new Error(`${path} showed no heading: ${await page.locator("body").textContent()}`);
            });
          // A page that shows a live picture or listens to events is never idle: axe then looks at what is there.
          await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {});
          expect({ path, found: await violations(page) }).toEqual({ path, found: [] });
        }
      });
    }
  }
});
