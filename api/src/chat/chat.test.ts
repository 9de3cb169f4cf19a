/** Chats: what is said and by whom it is read, in which order, what is refused, and that a ban holds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chatTopic, queries, VIEWER_COOKIE } from "@streamhub/db";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";
import type { Chat, ChatMessage } from "./model.ts";

let platform: TestPlatform;
let now = Date.now();
beforeAll(async () => {
  platform = await startPlatform({ now: () => now });
}, 60_000);
afterAll(() => platform?.close());

type Page = { items: ChatMessage[]; nextCursor: string | null };
const chatOf = (id: number) => `/api/channels/${id}/chat`;
const say = (user: TestUser, id: number, text: string, more: object = {}, headers: Record<string, string> = {}) =>
  user.request("POST", `${chatOf(id)}/messages`, { text, ...more }, headers);
const said = async (user: TestUser, id: number, text: string, more: object = {}): Promise<ChatMessage> => {
  const response = await say(user, id, text, more);
  expect(response.status).toBe(201);
  return (await response.json()) as ChatMessage;
};
const read = async (id: number, query = "") =>
  (await (await platform.request("GET", `${chatOf(id)}/messages${query}`)).json()) as Page;
const texts = async (id: number) => (await read(id)).items.map(({ text }) => text);
const replay = async (stream: number, query = "") =>
  (await (await platform.request("GET", `/api/streams/${stream}/chat${query}`)).json()) as Page;
const stateOf = async (user: TestUser, id: number) => (await (await user.request("GET", chatOf(id))).json()) as Chat;
const settings = (user: TestUser, id: number, change: object) => user.request("PUT", chatOf(id), change);
const ban = (by: TestUser, id: number, user: TestUser, seconds: number | null = null) =>
  by.request("PUT", `${chatOf(id)}/bans/${user.id}`, { seconds });
const refusal = async (response: Response) => {
  const { code } = (await response.json()) as { code: string };
  return `${response.status} ${code}`;
};
const inBrowser = (name: string) => ({ cookie: `${VIEWER_COOKIE}=${name.padEnd(22, "A")}` });

async function room(slug: string) {
  const owner = await platform.makeUser();
  const channel = await platform.makeChannel(slug, { owner });
  return { owner, channel, id: channel.id };
}

describe("what is said", () => {
  test("is read by everyone, the newest first, page by page", async () => {
    const { owner, id } = await room("pages");
    const viewer = await platform.makeUser();
    for (const n of [1, 2, 3]) await said(owner, id, `owner ${n}`);
    const answer = await said(viewer, id, "  hello   you  ", { replyTo: (await read(id)).items[0]!.id });
    expect(answer).toMatchObject({
      channelId: id,
      streamId: null,
      mediaAt: null,
      text: "hello you",
      badge: null,
      author: { id: viewer.id, username: viewer.username },
      replyTo: { username: owner.username, text: "owner 3" },
    });
    const first = await read(id, "?limit=3");
    const second = await read(id, `?limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ text }) => text)).toEqual([
      "hello you",
      "owner 3",
      "owner 2",
      "owner 1",
    ]);
    expect(second.nextCursor).toBeNull();
    expect(first.items.map(({ badge }) => badge)).toEqual([null, "owner", "owner"]);
  });

  test("goes to all who listen, by the bus", async () => {
    const { owner, id } = await room("told");
    const viewer = await platform.makeUser();
    const heard: { type: string; data: Record<string, unknown> }[] = [];
    const end = await platform.bus.events.subscribe([chatTopic(id)], ({ data }) => heard.push(JSON.parse(data)));
    const message = await said(viewer, id, "one");
    await said(viewer, id, "two");
    await owner.request("DELETE", `${chatOf(id)}/messages/${message.id}`);
    await settings(owner, id, { slowSeconds: 3, blockedWords: ["hush"] });
    await ban(owner, id, viewer);
    await end();
    expect(heard.map(({ type }) => type)).toEqual([
      "chat.message",
      "chat.message",
      "chat.deleted",
      "chat.settings",
      "chat.cleared",
    ]);
    expect(heard[0]!.data).toEqual(message as unknown as Record<string, unknown>);
    expect(heard[2]!.data).toEqual({ messageId: message.id });
    // Which words are not welcome is not for those whom they are meant for.
    expect(heard[3]!.data).toEqual({ isOn: true, slowSeconds: 3, followersOnly: false });
    expect(heard[4]!.data).toEqual({ userId: viewer.id });
  });

  test("belongs to the broadcast that is on, at what its writer saw", async () => {
    const { owner, channel, id } = await room("in-step");
    const before = await said(owner, id, "before");
    expect(before.streamId).toBeNull();
    const stream = await channel.goLive();
    const [row] = await platform.database.sql<{ began: number }[]>`
      select extract(epoch from started_at) * 1000 as began from streams where id = ${stream}`;
    const began = Number(row!.began);
    const at = (seconds: number) => new Date(began + seconds * 1_000).toISOString();
    now = began + 60_000;
    await said(owner, id, "late", { mediaAt: at(50) });
    await said(owner, id, "early", { mediaAt: at(10) });
    // Nobody sees what is not yet there, or what was before.
    expect((await said(owner, id, "future", { mediaAt: at(3_600) })).mediaAt).toBe(at(60));
    expect((await said(owner, id, "past", { mediaAt: at(-3_600) })).mediaAt).toBe(at(0));
    expect((await said(owner, id, "unsaid")).mediaAt).toBe(at(60));
    expect((await replay(stream)).items.map(({ text }) => text)).toEqual(["past", "early", "late", "future", "unsaid"]);
    expect((await replay(stream, "?from=10&to=60")).items.map(({ text }) => text)).toEqual(["early", "late"]);
    const first = await replay(stream, "?limit=4");
    const rest = await replay(stream, `?limit=4&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map(({ text }) => text)).toEqual([
      "past",
      "early",
      "late",
      "future",
      "unsaid",
    ]);
    await channel.end();
    now = Date.now();
  });

  test("is taken back by its writer and by those who keep order, and an answer to it forgets it", async () => {
    const { owner, id } = await room("taken-back");
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    const first = await said(one, id, "a word");
    await said(two, id, "an answer", { replyTo: first.id });
    const remove = (user: TestUser, message: number) =>
      user.request("DELETE", `${chatOf(id)}/messages/${message}`).then(({ status }) => status);
    expect(await remove(two, first.id)).toBe(404);
    expect(await remove(one, first.id)).toBe(204);
    expect(await remove(one, first.id)).toBe(404);
    expect((await read(id)).items.map(({ text, replyTo }) => [text, replyTo])).toEqual([["an answer", null]]);
    const [kept] = await platform.database.sql`select text from chat_messages where id = ${first.id}`;
    expect(kept?.text).toBe("");
    const { items } = await read(id);
    expect(await remove(owner, items[0]!.id)).toBe(204);
    expect(await texts(id)).toEqual([]);
  });

  test("answers nothing of another channel", async () => {
    const [here, there] = [await room("here"), await room("there")];
    const { id: foreign } = await said(there.owner, there.id, "over there");
    expect((await said(here.owner, here.id, "what?", { replyTo: foreign })).replyTo).toBeNull();
  });

  test("goes with its writer's account", async () => {
    const { id } = await room("leaving");
    const viewer = await platform.makeUser();
    await said(viewer, id, "goodbye");
    await viewer.request("DELETE", `/api/users/${viewer.id}`, { password: TEST_PASSWORD });
    expect(await texts(id)).toEqual([]);
  });

  test.each([[""], ["   "], ["x".repeat(501)], ["a\u0000b"], ["\u202eback"]])("is not %j", async (text) => {
    const { owner, id } = await room(`unfit-${crypto.randomUUID().slice(0, 8)}`);
    expect(await refusal(await say(owner, id, text))).toBe("422 request.invalid");
  });
});

describe("rules", () => {
  test("followers only, slow mode, words and off: for everyone but those who keep order", async () => {
    const { owner, id } = await room("ruled");
    const viewer = await platform.makeUser();
    const helper = await platform.makeUser();
    await owner.request("PUT", `${chatOf(id)}/moderators/${helper.id}`);
    await settings(owner, id, { followersOnly: true });
    expect((await stateOf(viewer, id)).you?.refusal).toBe("chat.followers-only");
    expect(await refusal(await say(viewer, id, "hi"))).toBe("403 chat.followers-only");
    expect((await said(helper, id, "hi")).badge).toBe("moderator");
    await viewer.request("PUT", `/api/channels/${id}/follow`);
    await said(viewer, id, "now I follow");

    await settings(owner, id, { slowSeconds: 60, blockedWords: ["bad word"] });
    // What is refused for its words costs no pause.
    expect(await refusal(await say(viewer, id, "a BAD, wоrd"))).toBe("422 chat.blocked-words");
    await said(viewer, id, "a good one");
    const slow = await say(viewer, id, "too soon");
    expect(Number(slow.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(await refusal(slow)).toBe("429 chat.slow-mode");
    await said(helper, id, "a bad word");
    await said(helper, id, "and another");

    expect((await stateOf(viewer, id)).blockedWords).toBeNull();
    expect((await stateOf(helper, id)).blockedWords).toEqual(["bad word"]);
    // What is not named stays.
    await settings(helper, id, { isOn: false });
    expect(await stateOf(viewer, id)).toMatchObject({
      isOn: false,
      slowSeconds: 60,
      followersOnly: true,
      you: { refusal: "chat.off", mayModerate: false, mayManage: false },
    });
    expect(await refusal(await say(viewer, id, "hello?"))).toBe("409 chat.off");
    expect(await refusal(await say(owner, id, "hello?"))).toBe("409 chat.off");
  });

  test("nobody writes faster than people do", async () => {
    const { owner, id } = await room("fast");
    const statuses: number[] = [];
    for (let n = 0; n < 10; n++) statuses.push((await say(owner, id, `${n}`)).status);
    expect(statuses).toEqual([...Array(8).fill(201), 429, 429]);
  });

  test("a repeated request with the same key says it once", async () => {
    const { owner, id } = await room("once");
    const key = { "idempotency-key": "a-message-of-mine" };
    const [first, again] = [await say(owner, id, "once", {}, key), await say(owner, id, "once", {}, key)];
    expect(await first.json()).toEqual(await again.json());
    expect(await texts(id)).toEqual(["once"]);
  });
});

describe("a ban", () => {
  test("holds for the account, for its browser, and for the next name in it; then it ends", async () => {
    const { owner, id } = await room("banned");
    const [rude, again, other] = [await platform.makeUser(), await platform.makeUser(), await platform.makeUser()];
    expect((await say(rude, id, "nasty", {}, inBrowser("one"))).status).toBe(201);
    await said(other, id, "nice");
    expect((await ban(owner, id, rude, 600)).status).toBe(204);
    // What was said is gone.
    expect(await texts(id)).toEqual(["nice"]);
    const refused = await say(rude, id, "still here", {}, inBrowser("two"));
    expect(((await refused.json()) as { detail: string }).detail).toMatch(/^Until 20/);
    // Another name, in the browser of then and in the one of the try just now.
    for (const browser of ["one", "two"]) {
      expect(await refusal(await say(again, id, "new name", {}, inBrowser(browser)))).toBe("403 chat.banned");
      const state = (await (await again.request("GET", chatOf(id), undefined, inBrowser(browser))).json()) as Chat;
      expect(state.you).toMatchObject({ refusal: "chat.banned", bannedUntil: expect.any(String) });
    }
    expect((await say(again, id, "elsewhere", {}, inBrowser("three"))).status).toBe(201);
    // In other chats nothing is known of it.
    const { id: next } = await room("banned-elsewhere");
    expect((await say(rude, next, "hello", {}, inBrowser("one"))).status).toBe(201);
    // The time is over.
    await platform.database.sql`update chat_bans set until = now() - interval '1 second' where channel_id = ${id}`;
    expect((await say(rude, id, "sorry", {}, inBrowser("one"))).status).toBe(201);
  });

  test("is listed, and lifted", async () => {
    const { owner, id } = await room("listed");
    const rude = await platform.makeUser();
    await ban(owner, id, rude);
    await ban(owner, id, rude, 60);
    const bans = async () =>
      ((await (await owner.request("GET", `${chatOf(id)}/bans`)).json()) as { items: { user: { id: number } }[] })
        .items;
    expect((await bans()).map(({ user }) => user.id)).toEqual([rude.id]);
    expect((await owner.request("DELETE", `${chatOf(id)}/bans/${rude.id}`)).status).toBe(204);
    expect(await bans()).toEqual([]);
    await said(rude, id, "thank you");
  });

  test("is for nobody who keeps order, unless the owner says so", async () => {
    const { owner, id } = await room("order");
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    const staff = await platform.makeUser({ role: "moderator" });
    for (const user of [one, two]) await owner.request("PUT", `${chatOf(id)}/moderators/${user.id}`);
    const statuses = async (by: TestUser, users: readonly TestUser[]) => {
      const found: number[] = [];
      for (const user of users) found.push((await ban(by, id, user)).status);
      return found;
    };
    expect(await statuses(one, [owner, two, staff, one])).toEqual([403, 403, 403, 403]);
    expect(await statuses(owner, [staff, owner])).toEqual([403, 403]);
    // Whom the owner bans is a moderator no longer; and who is made one again is not banned.
    expect(await statuses(owner, [two])).toEqual([204]);
    expect(await refusal(await say(two, id, "why?"))).toBe("403 chat.banned");
    expect((await owner.request("PUT", `${chatOf(id)}/moderators/${two.id}`)).status).toBe(204);
    expect((await said(two, id, "back")).badge).toBe("moderator");
    const { items } = (await (await owner.request("GET", `${chatOf(id)}/moderators`)).json()) as {
      items: { user: { id: number } }[];
    };
    expect(items.map(({ user }) => user.id).sort()).toEqual([one.id, two.id].sort());
  });
});

test("a browser without the cookie gets one, as a program does not", async () => {
  const { owner, id } = await room("cookie");
  const first = await say(owner, id, "hello");
  expect(first.headers.getSetCookie().join()).toMatch(new RegExp(`^${VIEWER_COOKIE}=[\\w-]{22};.*HttpOnly`, "i"));
  expect((await say(owner, id, "again", {}, inBrowser("mine"))).headers.getSetCookie()).toEqual([]);
  const made = await owner.request("POST", "/api/auth/tokens", { name: "bot", scope: "channels" });
  const { token } = (await made.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const response = await platform.request("POST", `${chatOf(id)}/messages`, { text: "beep" }, headers);
  expect([response.status, response.headers.getSetCookie()]).toEqual([201, []]);
  const rows = await platform.database.sql`select browser from chat_messages where channel_id = ${id} order by id`;
  expect(rows.map(({ browser }) => browser?.length ?? null)).toEqual([22, 22, null]);
  expect(rows[0]?.browser).not.toBe(rows[1]?.browser);
});

test("what is old loses its browser, and what was deleted goes", async () => {
  const { owner, id } = await room("old");
  const viewer = await platform.makeUser();
  const headers = inBrowser("old");
  for (const text of ["kept", "gone", "new"]) expect((await say(viewer, id, text, {}, headers)).status).toBe(201);
  const { items } = await read(id);
  const gone = items.find(({ text }) => text === "gone")!;
  await owner.request("DELETE", `${chatOf(id)}/messages/${gone.id}`);
  await platform.database.sql`update chat_messages set created_at = now() - interval '31 days'
    where channel_id = ${id} and text <> 'new'`;
  expect(await queries.tidyChat(platform.database.db, 1)).toBe(2);
  expect(await queries.tidyChat(platform.database.db, 100)).toBe(0);
  const rows = await platform.database.sql`
    select text, browser is null as nameless from chat_messages where channel_id = ${id} order by id`;
  expect(rows.map(({ text, nameless }) => [text, nameless])).toEqual([
    ["kept", true],
    ["new", false],
  ]);
});

test("nothing of this was a mistake of the server", () => expect(platform.failures).toEqual([]));
