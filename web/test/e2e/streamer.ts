/** What a streamer does on the site, as tests and screenshots need it again and again. */
import type { Page } from "playwright-core";

export const PASSWORD = "four words are enough";

export interface Streamer {
  readonly username: string;
  readonly slug: string;
  readonly streamKey: string;
}

/** Fills in the form for a new account; ends on the page for a first channel. */
export async function register(page: Page, site: string, username: string): Promise<void> {
  await page.goto(`${site}/register`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("E-mail address").fill(`${username}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(`${site}/new-channel`);
}

/** Makes a channel and reads its key, as the page shows it. */
export async function createChannel(
  page: Page,
  site: string,
  title: string,
): Promise<{ slug: string; streamKey: string }> {
  await page.goto(`${site}/new-channel`);
  await page.getByLabel("Title").fill(title);
  await page.getByRole("button", { name: "Create channel" }).click();
  await page.waitForURL(/\/studio\/[^/]+\/go-live$/);
  const slug = new URL(page.url()).pathname.split("/")[2] ?? "";
  await page.getByRole("button", { name: "Show the stream key" }).click();
  const secret = page.locator(".copy-field", { has: page.getByRole("button", { name: "Hide the stream key" }) });
  return { slug, streamKey: (await secret.locator("code", { hasText: /[\w-]{20}/ }).textContent()) ?? "" };
}
