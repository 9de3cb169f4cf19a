/** Two people and a guest in a chat: what is said is there without a reload, and a ban holds. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { TEST_PASSWORD, type TestUser } from "@streamhub/api/testing";
import type { BrowserContextOptions } from "playwright-core";
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

/** Signed in, at the channel's page. */
async function enter(slug: string, user: TestUser | null, options: BrowserContextOptions = {}) {
  const view = await browser.view(options);
  const { page } = view;
  if (user !== null) {
    const data = { login: user.username, password: TEST_PASSWORD };
    const answer = await page.context().request.post(`${site.origin}/api/auth/login`, { data });
    expect(answer.status()).toBe(200);
  }
  await page.goto(`${site.origin}/watch/${slug}`);
  const chat = page.getByRole("region", { name: "Chat" });
  const lines = chat.getByRole("listitem");
  const input = chat.getByRole("textbox", { name: "Message" });
  return { ...view, chat, lines, input };
}

test("two talk, one answers, one is banned: by mouse and by keyboard, at once and for good", async () => {
  const { platform } = site;
  const [olga, rudi] = [await platform.makeUser({ username: "olga" }), await platform.makeUser({ username: "rudi" })];
  const { id } = await platform.makeChannel("harbour-talk", { title: "Harbour", owner: olga });
  const guest = await enter("harbour-talk", null);
  await guest.chat.getByText("Nobody has said anything yet.").waitFor();
  await guest.chat.getByRole("link", { name: "Sign in to write" }).waitFor();
  const viewer = await enter("harbour-talk", rudi);
  const owner = await enter("harbour-talk", olga);

  await viewer.input.fill("Hello https://example.org/a, all");
  await viewer.input.press("Enter");
  for (const { lines } of [guest, viewer, owner]) await lines.getByText(/^rudi: Hello/).waitFor();
  const link = guest.lines.getByRole("link", { name: "example.org/a" });
  expect(await link.getAttribute("rel")).toBe("nofollow ugc noopener noreferrer");
  expect(await viewer.input.inputValue()).toBe("");

  // By keyboard alone: to the line, into what can be done, and an answer.
  await owner.page.getByRole("list", { name: "Messages" }).focus();
  await owner.page.keyboard.press("ArrowUp");
  await owner.page.keyboard.press("Enter");
  const sheet = owner.page.getByRole("dialog", { name: "What to do with the message of rudi" });
  await sheet.waitFor();
  expect(await violations(owner.page)).toEqual([]);
  await owner.page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await owner.page.keyboard.press("Enter");
  await owner.page.keyboard.press("Enter");
  await owner.chat.getByText("Your answer to rudi").waitFor();
  // A name that is begun is completed from those who have written.
  await owner.page.keyboard.type("welcome, @ru");
  await owner.chat.getByRole("option", { name: "@rudi", selected: true }).waitFor();
  expect(await violations(owner.page)).toEqual([]);
  await owner.page.keyboard.press("Tab");
  expect(await owner.input.inputValue()).toBe("welcome, @rudi ");
  await owner.chat.getByRole("option").waitFor({ state: "detached" });
  await owner.page.keyboard.press("Enter");
  const answer = viewer.lines.filter({ hasText: "welcome, @rudi" });
  await answer.getByText("Channel owner", { exact: true }).waitFor({ state: "attached" });
  expect(await answer.getAttribute("class")).toContain("chat-line-mine");
  expect(await guest.lines.filter({ hasText: "welcome, @rudi" }).getAttribute("class")).not.toContain("chat-line-mine");
  // Who listens instead of reading hears of it.
  await guest.page.locator(".chat [aria-live=polite]", { hasText: "olga: welcome, @rudi" }).waitFor({
    state: "attached",
  });
  for (const { page } of [guest, viewer]) expect(await violations(page)).toEqual([]);

  // Written more slowly from now on.
  await olga.request("PUT", `/api/channels/${id}/chat`, { slowSeconds: 30 });
  await viewer.chat.getByText("Slow mode: one message in 30 sec").waitFor();
  await viewer.input.fill("one");
  await viewer.input.press("Enter");
  await owner.lines.getByText("rudi: one").waitFor();
  await viewer.chat.getByRole("button", { name: /^Wait \d+ s$/ }).waitFor();

  await owner.lines.filter({ hasText: "rudi: one" }).hover();
  await owner.lines.filter({ hasText: "rudi: one" }).getByRole("button").click();
  await owner.page.getByRole("button", { name: "Ban for ever" }).click();
  for (const { lines } of [guest, viewer, owner])
    await lines
      .getByText(/^rudi: /)
      .first()
      .waitFor({ state: "detached" });
  await viewer.chat.getByText("You may not write in this chat.").waitFor();
  expect(await viewer.input.count()).toBe(0);
  // It holds after a reload, and for the next name in the same browser.
  const other = await platform.makeUser({ username: "rudolf" });
  await viewer.page.context().request.post(`${site.origin}/api/auth/login`, {
    data: { login: other.username, password: TEST_PASSWORD },
  });
  await viewer.page.reload();
  await viewer.chat.getByText("You may not write in this chat.").waitFor();

  // The owner lets him write again, in the studio, and sets how the chat is run.
  await owner.page.goto(`${site.origin}/studio/harbour-talk/settings`);
  await owner.page.getByRole("button", { name: "Let rudi write again" }).click();
  await owner.page.getByText("Everybody may.").waitFor();
  const settings = owner.page.getByRole("region", { name: "Chat" });
  await settings.getByLabel("Blocked words").fill("shout*\n\n shout* \nbad word");
  await settings.getByRole("radio", { name: "Off" }).check();
  await settings.getByRole("button", { name: "Save" }).click();
  await owner.page.locator(".toasts").getByText("Saved.").waitFor();
  expect(await violations(owner.page)).toEqual([]);
  const run = (await (await olga.request("GET", `/api/channels/${id}/chat`)).json()) as { blockedWords: string[] };
  expect(run).toMatchObject({ isOn: true, slowSeconds: 0, followersOnly: false, blockedWords: ["shout*", "bad word"] });
  await viewer.page.reload();
  await viewer.input.fill("SHOUTING");
  await viewer.input.press("Enter");
  await viewer.chat.getByText("This message has a word that this chat does not take.").waitFor();
  expect(await viewer.input.inputValue()).toBe("SHOUTING");
  await viewer.input.fill("sorry");
  await viewer.input.press("Enter");
  await guest.lines.getByText("rudolf: sorry").waitFor();
  // The browser tells of an answer that refuses; that is no mistake of the page.
  const refused = (line: string) => line.includes("422") && line.includes("/chat/messages");
  for (const { errors } of [guest, viewer, owner]) expect(errors.filter((line) => !refused(line))).toEqual([]);
  for (const { page } of [guest, viewer, owner]) await page.context().close();
});

test("a long and lively talk stays in step with what is read, in few lines of the document", async () => {
  const { platform } = site;
  const olga = await platform.makeUser({ username: "olga-2" });
  const { id } = await platform.makeChannel("lively", { title: "Lively", owner: olga });
  const { sql } = platform.database;
  await sql`insert into chat_messages (channel_id, user_id, text)
    select ${id}, ${olga.id}, 'line ' || n || repeat(' word', n % 40) from generate_series(1, 1000) n`;
  const { page, chat, lines, input, errors } = await enter("lively", olga);
  const list = chat.getByRole("list", { name: "Messages" });
  await lines.getByText(/: line 1000\b/).waitFor();
  const atEnd = () => list.evaluate((el) => el.scrollHeight - el.clientHeight - el.scrollTop < 2);
  expect(await atEnd()).toBe(true);

  // Up to the first one, page by page; what is in the document stays bounded.
  for (let n = 0; n < 200 && (await lines.getByText(/: line 1( |$)/).count()) === 0; n++) {
    await list.evaluate((el) => {
      el.scrollTop = 0;
    });
    await page.waitForTimeout(30);
    expect(await lines.count()).toBeLessThanOrEqual(240);
  }
  await lines.getByText(/: line 1( |$)/).waitFor();
  // What comes now does not move what is being read.
  const first = lines.getByText(/: line 1( |$)/);
  const before = await first.boundingBox();
  for (let n = 1; n <= 5; n++) await olga.request("POST", `/api/channels/${id}/chat/messages`, { text: `fresh ${n}` });
  await chat.getByRole("button", { name: /new messages$/ }).click();
  expect(before).not.toBeNull();
  await lines.getByText("olga-2: fresh 5").waitFor();
  expect(await atEnd()).toBe(true);
  await input.fill("mine");
  await input.press("Enter");
  await lines.getByText("olga-2: mine").waitFor();
  await page.waitForFunction(() => {
    const el = document.querySelector(".chat-lines");
    return el !== null && el.scrollHeight - el.clientHeight - el.scrollTop < 2;
  });
  expect(errors).toEqual([]);
  await page.context().close();
});

test("on a phone it stands below the picture, in Russian; it can be put away, and stays away", async () => {
  const { platform } = site;
  await platform.makeChannel("pocket", { title: "Pocket" });
  const { page, errors } = await enter("pocket", null, { locale: "ru-RU", viewport: { width: 390, height: 844 } });
  const chat = page.getByRole("region", { name: "Чат" });
  await chat.getByText("Пока никто ничего не написал.").waitFor();
  const [stage, side] = [await page.locator(".stage").boundingBox(), await chat.boundingBox()];
  expect(side!.y).toBeGreaterThanOrEqual(stage!.y + stage!.height);
  expect(side!.x + side!.width).toBeLessThanOrEqual(390);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await violations(page)).toEqual([]);
  await chat.getByRole("button", { name: "Скрыть чат" }).click();
  await chat.waitFor({ state: "detached" });
  await page.reload();
  const show = page.getByRole("button", { name: "Показать чат" });
  await show.waitFor();
  expect(await chat.count()).toBe(0);
  await show.click();
  await chat.waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
});
