/**
 * Notifications of a browser, from the switch in the settings to what the service worker shows. A push service of ours stands for the browser's own,
 * which no test can reach: it decrypts what the platform sends, and Chromium delivers that to the worker.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { publishStreamChange } from "@streamhub/db";
import { Registry } from "prom-client";
import { startNotices } from "../../../api/src/app.ts";
import { makeOutbound } from "../../../api/src/outbound/outbound.ts";
import { TEST_PASSWORD, TEST_SECRET } from "../../../api/test/platform.ts";
import { type PushService, startPushService } from "../../../api/test/push-service.ts";
import { violations } from "./accessibility.ts";
import { openBrowser, type TestBrowser } from "./browser.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

setDefaultTimeout(90_000);

const silent = { info: () => {}, warn: () => {}, error: () => {} };
let service: PushService;
let site: SiteUnderTest;
let browser: TestBrowser;
beforeAll(async () => {
  const outbound = makeOutbound({ anywhere: true });
  service = startPushService();
  site = await startSite(() => new Response("", { status: 404 }), { outbound });
  const { bus, vault, database } = site.platform;
  const metrics = new Registry();
  await startNotices({
    db: database.db,
    bus,
    vault,
    publicUrl: null,
    secret: TEST_SECRET,
    metrics,
    mailer: null,
    log: silent,
    outbound,
    firstRetry: 20,
  });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await service?.stop();
});

test("a browser is told of a followed channel, shows it, and says so when there is no connection", async () => {
  const { platform, origin } = site;
  const user = await platform.makeUser({ username: "wanda" });
  const channel = await platform.makeChannel("harbour", { title: "Harbour" });
  await user.request("PUT", `/api/channels/${channel.id}/follow`);
  const { page } = await browser.view();
  // A context without a window of its own grants nothing by itself.
  await page.context().grantPermissions(["notifications"], { origin });
  await page.addInitScript((subscription) => {
    let current: object | null = null;
    const made = {
      ...subscription,
      toJSON: () => subscription,
      unsubscribe: async () => {
        current = null;
      },
    };
    PushManager.prototype.getSubscription = async () => current as PushSubscription | null;
    PushManager.prototype.subscribe = async (options) => {
      const key = options?.applicationServerKey as Uint8Array;
      if (key.byteLength !== 65) throw new Error("this is no key");
      current = made;
      return made as unknown as PushSubscription;
    };
  }, service.browser());
  await page.goto(`${origin}/login?next=/settings`);
  await page.getByLabel("Username or e-mail address").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(TEST_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByText("This browser will tell you.").waitFor();
  expect(await violations(page)).toEqual([]);

  const streamId = await channel.goLive();
  const stream = { streamId, channelId: channel.id, slug: "harbour", visibility: "public" } as const;
  await publishStreamChange(platform.bus, "stream.started", stream);
  while (service.received.length === 0) await page.waitForTimeout(50);
  const [{ message } = { message: {} }] = service.received;
  expect(message).toMatchObject({ title: "Harbour is live", url: "/watch/harbour" });

  const devtools = await page.context().newCDPSession(page);
  const registered = Promise.withResolvers<string>();
  devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    for (const { registrationId, isDeleted } of registrations) if (!isDeleted) registered.resolve(registrationId);
  });
  await devtools.send("ServiceWorker.enable");
  await devtools.send("ServiceWorker.deliverPushMessage", {
    origin,
    registrationId: await registered.promise,
    data: JSON.stringify(message),
  });
  const shown = await page.waitForFunction(async () => {
    const [notification] = await (await navigator.serviceWorker.ready).getNotifications();
    return notification && { title: notification.title, tag: notification.tag, data: notification.data };
  });
  expect(await shown.jsonValue()).toEqual({
    title: "Harbour is live",
    tag: `live-${channel.id}`,
    data: { url: "/watch/harbour" },
  });

  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByText("This browser tells you no longer.").waitFor();
  const { push } = (await (await page.request.get(`${origin}/api/notices`)).json()) as { push: { endpoint: unknown } };
  expect(push.endpoint).toBeNull();

  await page.context().setOffline(true);
  await page.goto(`${origin}/watch/harbour`);
  await page.getByRole("heading", { name: "No connection" }).waitFor();
  expect(await page.getByText("Нет соединения").isVisible()).toBe(false);
  expect(await violations(page)).toEqual([]);
  await page.context().setOffline(false);
  await page.getByRole("heading", { name: "Harbour" }).first().waitFor();
  await page.context().close();
});
