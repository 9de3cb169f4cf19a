/** Webhooks in the settings: made, their secret seen once, tested, paused and deleted. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { TEST_PASSWORD } from "../../../api/test/platform.ts";
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

test("an owner makes a webhook, tests, pauses and deletes it; the secret is shown once", async () => {
  const { platform, origin } = site;
  const user = await platform.makeUser({ username: "wanda" });
  const { page, errors } = await browser.view();
  await page.goto(`${origin}/login?next=/settings`);
  await page.getByLabel("Username or e-mail address").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  const panel = page.locator("section", { has: page.getByRole("heading", { name: "Webhooks" }) });
  await panel.getByText("No program is told anything.").waitFor();

  // What can't be told is said at its field.
  await panel.getByLabel("Address").fill("http://127.0.0.1:9/hook");
  await panel.getByRole("button", { name: "Add the webhook" }).click();
  await panel.getByText("An https address on the public Internet.").waitFor();

  await panel.getByLabel("Address").fill("https://hooks.example.org/streamhub");
  await panel.getByLabel("A recording can be played").click();
  await panel.getByRole("button", { name: "Add the webhook" }).click();
  await panel.getByText("Copy this secret now").waitFor();
  expect(await panel.locator(".copy-value").textContent()).toMatch(/^whsec_/);
  await panel.getByText("A stream has started, A stream is over").waitFor();
  expect(await violations(page)).toEqual([]);

  await panel.getByRole("button", { name: "Test" }).click();
  await page.getByText("A test message is on its way.").waitFor();
  await panel.getByRole("button", { name: "Messages" }).click();
  await panel.getByText("webhook.test").waitFor();
  await panel.getByText(/^Waits, /).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.reload();
  await panel.getByText("https://hooks.example.org/streamhub").waitFor();
  expect(await panel.getByText("whsec_").count()).toBe(0);
  await panel.getByRole("button", { name: "Pause" }).click();
  await panel.getByText("Paused", { exact: true }).waitFor();
  await panel.getByRole("button", { name: "Delete the webhook" }).click();
  await panel.getByText("No program is told anything.").waitFor();
  expect(errors.filter((error) => !error.includes("/api/webhooks"))).toEqual([]);
});
