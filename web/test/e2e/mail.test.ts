/** A forgotten password, from the sign-in page by a letter to signing in again, and letters about live channels: a real browser and a real mail server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Registry } from "prom-client";
import { type Mailer, makeMailer, startMail } from "../../../api/src/app.ts";
import { type MailServer, startMailServer } from "../../../api/test/mail-server.ts";
import { violations } from "./accessibility.ts";
import { openBrowser, type TestBrowser } from "./browser.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

setDefaultTimeout(90_000);

const silent = { info: () => {}, warn: () => {}, error: () => {} };
let server: MailServer;
let mailer: Mailer;
let site: SiteUnderTest;
let browser: TestBrowser;
beforeAll(async () => {
  server = await startMailServer();
  mailer = makeMailer({ url: server.url, from: "StreamHub <live@example.org>" });
  const about = { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" }, sendsMail: true };
  site = await startSite(() => new Response("", { status: 404 }), { site: about });
  const { bus, database } = site.platform;
  const metrics = new Registry();
  await startMail({ db: database.db, bus, mailer, publicUrl: site.origin, metrics, log: silent });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  mailer?.close();
  await server?.stop();
});

test("who forgot the password gets a letter, sets another and signs in with it", async () => {
  const { platform, origin } = site;
  const user = await platform.makeUser({ username: "wanda" });
  const { page, errors } = await browser.view();
  await page.goto(`${origin}/login`);
  await page.getByRole("link", { name: "Forgotten the password?" }).click();
  await page.getByRole("heading", { name: "A new password" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Username or e-mail address").fill("wanda");
  await page.getByRole("button", { name: "Send the letter" }).click();
  await page.getByText("a letter is on its way").waitFor();
  expect(await violations(page)).toEqual([]);

  const { text = "" } = await server.letterTo(user.email);
  const link = /^\S+\/reset#\S+$/m.exec(text)![0];
  await page.goto(link);
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  // It is not left where others see it.
  await page.waitForURL(`${origin}/reset`);
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("New password").fill("quite another long password");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.waitForURL(`${origin}/login`);
  await page.getByLabel("Username or e-mail address").fill("wanda");
  await page.getByLabel("Password", { exact: true }).fill("quite another long password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/`);

  // The same link once more.
  await page.goto(link);
  await page.getByLabel("New password").fill("yet another long password");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByText("This link was used").waitFor();
  expect(errors.filter((error) => !error.includes("/api/auth/password/reset"))).toEqual([]);

  // Letters about channels, in the settings.
  await page.goto(`${origin}/settings`);
  const notices = page.locator("section", { has: page.getByRole("heading", { name: "Notifications" }) });
  await notices.getByText(`To ${user.email}`).waitFor();
  const row = notices.locator(".row", { hasText: "By e-mail" });
  await row.getByRole("button", { name: "Turn on" }).click();
  await row.getByRole("button", { name: "Turn off" }).waitFor();
  await page.reload();
  await row.getByRole("button", { name: "Turn off" }).click();
  await row.getByRole("button", { name: "Turn on" }).waitFor();
});

test("a site without a mail server says so where it would offer letters", async () => {
  const other = await startSite(() => new Response("", { status: 404 }));
  const { page, errors } = await browser.view({ locale: "ru-RU" });
  await page.goto(`${other.origin}/login`);
  await page.getByText("Этот сайт не шлёт писем").waitFor();
  expect(await page.getByRole("link", { name: "Забыли пароль?" }).count()).toBe(0);
  expect(errors).toEqual([]);
  await other.close();
});
