/** Other services of a channel in its settings: added, switched off and on, refused, removed, and how they get the broadcast. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { sampleKey } from "@streamhub/db";
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

const KEY = "live_77_aVerySecretKey";

test("an owner sends broadcasts on to another service, sees how that goes, and removes it", async () => {
  const { platform, origin } = site;
  const owner = await platform.makeUser({ username: "nadia" });
  const channel = await platform.makeChannel("pier", { title: "Pier", owner });
  const streamId = await channel.goLive();
  const { page, errors } = await browser.view();
  await page.goto(`${origin}/login?next=/studio/pier/settings`);
  await page.getByLabel("Username or e-mail address").fill(owner.username);
  await page.getByLabel("Password", { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  const section = page.getByRole("region", { name: "Other services" });
  await section.getByLabel("Name").fill("Elsewhere");
  await section.getByLabel("Server").fill("http://push.example.org/app");
  await section.getByLabel("Its stream key").fill(KEY);
  await section.getByRole("button", { name: "Add the service" }).click();
  await section.getByText("rtmp:// or rtmps://, a host on the public Internet").waitFor();
  await section.getByLabel("Server").fill("rtmps://push.example.org:443/app");
  await section.getByRole("button", { name: "Add the service" }).click();
  await section.getByText("rtmps://push.example.org:443/app").waitFor();
  expect(await section.getByLabel("Its stream key").inputValue()).toBe("");
  expect(await page.content()).not.toContain(KEY);

  const [row] = await platform.database.sql<{ id: number }[]>`select id from restreams`;
  const since = new Date().toISOString();
  const fault = { code: "denied", reason: "In the server's words." };
  const status = { id: row!.id, state: "refused", since, fault, bytes: 0, droppedFrames: 0 };
  const measured = { bitrateKbps: null, fps: null, width: null, height: null, videoCodec: null, audioCodec: null };
  const rest = { keyframeIntervalSeconds: null, missingFrames: 0, skewMs: null, problems: [], packaging: null };
  await platform.bus.cache.set(
    sampleKey(streamId),
    JSON.stringify({ ...measured, ...rest, restreams: [status] }),
    60_000,
  );
  await section.getByText("Refused. It does not take the key").waitFor();
  expect(await violations(page)).toEqual([]);

  await section.getByRole("button", { name: "Change Elsewhere" }).click();
  const dialog = page.getByRole("dialog", { name: "Change Elsewhere" });
  expect(await dialog.getByLabel("Its stream key").inputValue()).toBe("");
  expect(await violations(page)).toEqual([]);
  const keyBefore = await platform.database.sql`select key_sealed from restreams`;
  await dialog.getByLabel("Name").fill("Somewhere");
  await dialog.getByRole("button", { name: "Save" }).click();
  await section.getByText("Somewhere", { exact: true }).first().waitFor();
  expect(await platform.database.sql`select key_sealed from restreams`).toEqual(keyBefore);
  await section.getByRole("button", { name: "Change Somewhere" }).click();
  await page.getByRole("dialog").getByLabel("Server").fill("rtmp://other.example.org/live");
  await page.getByRole("dialog").getByLabel("Its stream key").fill(`${KEY}-2`);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await section.getByText("rtmp://other.example.org/live").waitFor();
  expect(await platform.database.sql`select key_sealed from restreams`).not.toEqual(keyBefore);

  await section.getByLabel("Send Somewhere").uncheck();
  await section.getByText("Switched off.").waitFor();
  await page.reload();
  expect(await section.getByLabel("Send Somewhere").isChecked()).toBe(false);

  await section.getByRole("button", { name: "Remove Somewhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await section.getByText("rtmp://other.example.org/live").waitFor({ state: "detached" });
  expect(await platform.database.sql`select id from restreams`).toHaveLength(0);
  // Chromium says aloud what was refused.
  expect(errors.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
});
