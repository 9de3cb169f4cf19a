/** Following a channel, from a guest's click to the word that it is live. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { TEST_PASSWORD } from "@streamhub/api/testing";
import { publishStreamChange } from "@streamhub/db";
import { violations } from "./accessibility.ts";
import { openBrowser, type TestBrowser } from "./browser.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

setDefaultTimeout(90_000);

let site: SiteUnderTest;
let browser: TestBrowser;
beforeAll(async () => {
  site = await startSite(() => new Response("", { status: 404 }));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test("a guest signs in, comes back, follows; home shows the channel, and every page says when it goes live", async () => {
  const { platform, origin } = site;
  const user = await platform.makeUser({ username: "wanda" });
  const channel = await platform.makeChannel("harbour", { title: "Harbour" });
  const { page, errors } = await browser.view();
  await page.goto(`${origin}/watch/harbour`);
  await page.getByRole("link", { name: "Follow", exact: true }).click();
  await page.waitForURL(/\/login\?next=%2Fwatch%2Fharbour$/);
  await page.getByLabel("Username or e-mail address").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/watch/harbour`);

  await page.getByRole("button", { name: "Follow", exact: true }).click();
  await page.getByText("1 follower", { exact: true }).waitFor();
  const button = page.getByRole("button", { name: "Following", exact: true });
  expect(await button.getAttribute("aria-pressed")).toBe("true");
  await page.reload();
  await button.waitFor();
  await page.getByText("1 follower", { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.goto(origin);
  const row = page.getByRole("region", { name: "Following" });
  await row.getByRole("link", { name: /Harbour/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.goto(`${origin}/documents/terms`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const streamId = await channel.goLive();
  const stream = { streamId, channelId: channel.id, slug: "harbour", visibility: "public" } as const;
  const toasts = page.locator(".toasts");
  // The page may not listen yet; told more than once, it says it once.
  while ((await toasts.getByText("Harbour is now live").count()) === 0) {
    await publishStreamChange(platform.bus, "stream.started", stream);
    await page.waitForTimeout(200);
  }
  await publishStreamChange(platform.bus, "stream.started", stream);
  expect(await toasts.getByText("Harbour is now live").count()).toBe(1);
  expect(await toasts.getAttribute("aria-live")).toBe("polite");
  await toasts.getByRole("link", { name: "Watch" }).click();
  await page.waitForURL(`${origin}/watch/harbour`);
  await toasts.getByText("Harbour is now live").waitFor({ state: "detached" });

  await button.click();
  await page.getByRole("button", { name: "Follow", exact: true }).waitFor();
  await page.getByText("1 follower", { exact: true }).waitFor({ state: "detached" });
  // The media of this channel is nowhere.
  expect(errors.filter((line) => !line.includes("/live/harbour/"))).toEqual([]);
  await page.context().close();
});
