/** The API's own page, in a real browser: readable on every width and in both themes, with nothing refused by its content policy. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { violations } from "./accessibility.ts";
import { openBrowser, type TestBrowser } from "./browser.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

let site: SiteUnderTest;
let browser: TestBrowser;

beforeAll(async () => {
  site = await startSite(() => new Response(null, { status: 404 }));
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
}, 30_000);

describe.each(["light", "dark"] as const)("the API's page, %s", (colorScheme) => {
  test.each([1440, 360])("%d pixels wide", async (width) => {
    const { page, errors } = await browser.view({ colorScheme, viewport: { width, height: 800 } });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(new URL(request.url()).origin));
    await page.goto(`${site.origin}/api/openapi`);
    expect(await page.title()).toBe("StreamHub API");
    // Its own style is there, and everything fits.
    expect(await page.evaluate(() => getComputedStyle(document.body).marginTop)).toBe("0px");
    const plan = page.locator("#planStream");
    await plan.locator("summary").click();
    await plan.getByText("The channel's id", { exact: true }).waitFor();
    expect(await plan.textContent()).toContain('-H "Authorization: Bearer $TOKEN"');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    expect(await violations(page)).toEqual([]);
    expect(new Set(requests)).toEqual(new Set([site.origin]));
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
