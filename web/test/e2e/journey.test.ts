/**
 * The whole way, again and again: an account, a channel, a broadcast, a viewer who finds it, watches, talks, is banned, and sees the recording; and the
 * streamer's numbers at the end. With the mouse, with the keyboard alone, on a phone, and in Russian.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { publish, removeDataDir, startServer, type TestServer } from "../../../cli/e2e/server.ts";
import { en as accountEn } from "../../src/i18n/account/en.ts";
import { ru as accountRu } from "../../src/i18n/account/ru.ts";
import { en as chatEn } from "../../src/i18n/chat/en.ts";
import { ru as chatRu } from "../../src/i18n/chat/ru.ts";
import { en as siteEn } from "../../src/i18n/en.ts";
import { ru as siteRu } from "../../src/i18n/ru.ts";
import { en as studioEn } from "../../src/i18n/studio/en.ts";
import { ru as studioRu } from "../../src/i18n/studio/ru.ts";
import { builtSite } from "../built-site.ts";
import { openBrowser, type TestBrowser, videoAdvances } from "./browser.ts";
import { PASSWORD } from "./streamer.ts";

setDefaultTimeout(240_000);

let server: TestServer;
let browser: TestBrowser;
beforeAll(async () => {
  await builtSite();
  server = await startServer();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server !== undefined) removeDataDir(server.dataDir);
});

const ENGLISH = { site: siteEn, account: accountEn, studio: studioEn, chat: chatEn };
const RUSSIAN = { site: siteRu, account: accountRu, studio: studioRu, chat: chatRu };

interface Way {
  readonly name: string;
  readonly words: typeof ENGLISH | typeof RUSSIAN;
  readonly options: BrowserContextOptions;
  /** Without a mouse. */
  readonly byKeyboard: boolean;
}

const WAYS: readonly Way[] = [
  { name: "mouse", words: ENGLISH, options: {}, byKeyboard: false },
  { name: "keyboard", words: ENGLISH, options: {}, byKeyboard: true },
  { name: "phone", words: ENGLISH, options: { viewport: { width: 390, height: 844 } }, byKeyboard: false },
  { name: "russian", words: RUSSIAN, options: { locale: "ru-RU" }, byKeyboard: false },
];

const MOST_TABS = 150;

/** How one moves on a page: by mouse, or by Tab and Enter alone. */
function makeHand({ byKeyboard }: Way) {
  async function reach(target: Locator): Promise<void> {
    await target.waitFor();
    const page = target.page();
    for (let presses = 0; presses < MOST_TABS; presses++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard never came to ${target}`);
  }
  return {
    async press(target: Locator, key = "Enter"): Promise<void> {
      if (!byKeyboard) return target.click();
      await reach(target);
      await target.page().keyboard.press(key);
    },
    async type(target: Locator, text: string): Promise<void> {
      if (!byKeyboard) return target.fill(text);
      await reach(target);
      await target.page().keyboard.press("ControlOrMeta+a");
      await target.page().keyboard.type(text);
    },
    /** What can be done with the newest line of a chat. */
    async openLine(chat: Locator, list: string): Promise<void> {
      if (byKeyboard) {
        await reach(chat.getByRole("list", { name: list }));
        await chat.page().keyboard.press("ArrowUp");
        await chat.page().keyboard.press("Enter");
      } else {
        await chat.getByRole("listitem").last().hover();
        await chat.getByRole("listitem").last().getByRole("button").click();
      }
    },
  };
}

const button = (page: Page | Locator, name: string) => page.getByRole("button", { name, exact: true });
const field = (page: Page | Locator, name: string) => page.getByRole("textbox", { name });

describe("the whole way", () => {
  for (const way of WAYS)
    test(way.name, async () => {
      const { site, account, studio, chat } = way.words;
      const hand = makeHand(way);
      const title = `Journey by ${way.name}`;
      const [streamer, viewer] = [await browser.view(way.options), await browser.view(way.options)];
      const [host, guest] = [streamer.page, viewer.page];

      async function register(page: Page, username: string): Promise<void> {
        await hand.type(field(page, account.fields.username), username);
        await hand.type(field(page, account.fields.email), `${username}@example.org`);
        await hand.type(page.getByLabel(account.fields.password, { exact: true }), PASSWORD);
        await hand.press(page.getByRole("checkbox"), "Space");
        await hand.press(button(page, account.register.submit));
      }

      await host.goto(`${server.site}/register`);
      await register(host, `host-${way.name}`);
      await hand.type(field(host, studio.create.name), title);
      await hand.press(button(host, studio.create.submit));
      await host.waitForURL(/\/go-live$/);
      await hand.press(button(host, studio.goLive.showKey));
      const key = await host.locator(".copy-field code", { hasText: /^[\w-]{20,}$/ }).textContent();

      // It appears on home by itself.
      await guest.goto(server.site);
      await guest.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
      const encoder = publish(`${server.rtmp}/${key}`, { seconds: 240 });
      await hand.press(guest.getByRole("main").getByRole("link", { name: title }).first());
      await guest.waitForURL(/\/watch\//);
      await videoAdvances(guest, 3, 60_000);
      await hand.press(host.getByRole("link", { name: studio.goLive.toStudio }));
      await host.getByText(studio.live.doctor, { exact: true }).waitFor();

      // The viewer signs up on the way to a word in the chat.
      const [hostChat, guestChat] = [host, guest].map((page) => page.getByRole("region", { name: chat.title })) as [
        Locator,
        Locator,
      ];
      await hand.press(guestChat.getByRole("link", { name: chat.signIn }));
      await hand.press(guest.getByRole("link", { name: account.login.register }));
      await register(guest, `guest-${way.name}`);
      await guest.waitForURL(/\/watch\//);
      await videoAdvances(guest, 1, 60_000);
      const say = async (there: Locator, text: string) => {
        await hand.type(field(there, chat.input), text);
        await hand.press(button(there, chat.send));
      };
      await say(guestChat, "What a view!");
      await hostChat.getByText(`guest-${way.name}: What a view!`).waitFor();
      await hand.openLine(hostChat, chat.lines);
      await hand.press(button(host, chat.answer));
      await say(hostChat, "Is it not?");
      // In step with the picture: a moment later than it was said.
      await guestChat.getByRole("listitem").filter({ hasText: "Is it not?" }).waitFor();
      await say(guestChat, "Something rude");
      await hostChat.getByText(`guest-${way.name}: Something rude`).waitFor();
      await hand.openLine(hostChat, chat.lines);
      await hand.press(button(host, chat.ban));
      await guestChat.getByText(chat.banned).waitFor();
      await guestChat.getByText("Something rude").waitFor({ state: "detached" });

      await hand.press(button(host, studio.live.stop));
      await hand.press(button(host.getByRole("dialog"), studio.live.stop));
      await host.getByText(studio.goLive.waiting).first().waitFor();
      await encoder.stop();

      // What was is there to be seen again, with what was said.
      await hand.press(guest.getByRole("link", { name: site.watch.last }));
      await guest.waitForURL(/\/v\/\d+$/);
      await videoAdvances(guest, 2, 60_000);
      // It was said when the broadcast had gone on for a while; what the banned viewer said is gone.
      await guest.keyboard.press("9");
      await guestChat.getByRole("listitem").filter({ hasText: "Is it not?" }).waitFor();
      expect(await guestChat.getByText("What a view!").count()).toBe(0);

      await hand.press(host.getByRole("link", { name: studio.nav.statistics }));
      const views = host
        .locator(".figure", { has: host.getByText(studio.statistics.views, { exact: true }) })
        .locator(".figure-value");
      await views.waitFor();
      // Views are written down some seconds later.
      for (let tries = 0; tries < 40 && (await views.textContent()) === "0"; tries++) {
        await host.waitForTimeout(1_000);
        await host.reload();
        await views.waitFor();
      }
      expect(Number(await views.textContent())).toBeGreaterThanOrEqual(1);
      for (const { page, errors } of [streamer, viewer]) {
        expect(errors).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)).toBe(false);
        await page.context().close();
      }
    });
});
