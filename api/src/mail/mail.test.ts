/** Letters on their whole way: from a request by a job and a real SMTP server to the link that is followed. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { publishStreamChange } from "@streamhub/db";
import { Registry } from "prom-client";
import { type MailServer, startMailServer } from "../../test/mail-server.ts";
import { startPlatform, TEST_PASSWORD, TEST_SECRET, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { ASKED, LETTERS } from "../auth/forgotten.ts";
import { startNotices } from "../notices/start.ts";
import { type Mailer, makeMailer } from "./mailer.ts";
import { startMail } from "./start.ts";

setDefaultTimeout(60_000);

const SITE = "https://live.example.org";
const NEXT = "a password that nobody has used";
const logged: string[] = [];
const keep = (...words: unknown[]) => void logged.push(JSON.stringify(words));
const log = { info: keep, warn: keep, error: keep };
const metrics = new Registry();

let server: MailServer;
let mailer: Mailer;
let platform: TestPlatform;
let off: TestPlatform;
/** Each test comes from a network of its own. */
let networks = 0;

beforeAll(async () => {
  server = await startMailServer();
  mailer = makeMailer({ url: server.url, from: "StreamHub <live@example.org>" });
  const site = { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" } };
  [platform, off] = await Promise.all([startPlatform({ site: { ...site, sendsMail: true } }), startPlatform()]);
  const { bus, vault, database } = platform;
  const common = { db: database.db, bus, mailer, publicUrl: SITE, metrics, log };
  await startMail(common);
  await startNotices({ ...common, vault, secret: TEST_SECRET, firstRetry: 20 });
});
afterAll(async () => {
  await platform?.close();
  await off?.close();
  mailer?.close();
  await server?.stop();
});

const from = () => ({ "x-test-address": `198.51.100.${++networks}` });
const ask = (login: string, more: object = {}, headers = from()) =>
  platform.request("POST", "/api/auth/password/forgotten", { login, ...more }, headers);
const reset = (token: string, password = NEXT, headers = from()) =>
  platform.request("POST", "/api/auth/password/reset", { token, password }, headers);
const login = (user: TestUser, password: string) =>
  platform.request("POST", "/api/auth/login", { login: user.username, password }, from());
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

async function tokenTo(user: TestUser, index = 0): Promise<string> {
  const { text = "" } = await server.letterTo(user.email, index);
  return new RegExp(`^${SITE}/reset#(\\S+)$`, "m").exec(text)![1]!;
}

describe("a forgotten password", () => {
  test("the letter's link sets another one, once, and signs out everywhere", async () => {
    const user = await platform.makeUser();
    const asked = await ask(user.email);
    expect([asked.status, await asked.text()]).toEqual([202, ""]);
    const token = await tokenTo(user);
    const letter = await server.letterTo(user.email);
    expect(letter.from?.text).toContain("live@example.org");
    expect(letter.subject).toBe("A new password for live.example.org");
    expect(letter.text).toContain(`Hello ${user.username}`);
    expect(letter.headers.get("auto-submitted")).toBe("auto-generated");
    expect(letter.html).toBe(false);

    expect((await reset(token)).status).toBe(204);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await login(user, TEST_PASSWORD)).status).toBe(401);
    expect((await login(user, NEXT)).status).toBe(200);
    expect(await codeOf(await reset(token))).toBe("auth.reset-token");
    expect((await server.letterTo(user.email, 1)).subject).toBe("Your password at live.example.org was changed");
  });

  test("by username and in Russian", async () => {
    const user = await platform.makeUser();
    await ask(user.username, { locale: "ru" });
    const letter = await server.letterTo(user.email);
    expect(letter.subject).toBe("Новый пароль для live.example.org");
    expect(letter.text).toContain(`Здравствуйте, ${user.username}!`);
  });

  test("a later letter takes the place of an earlier one; an old one is good no more", async () => {
    const user = await platform.makeUser();
    await ask(user.email);
    const first = await tokenTo(user);
    await ask(user.email);
    const second = await tokenTo(user, 1);
    expect(await codeOf(await reset(first))).toBe("auth.reset-token");
    await platform.database.sql`update password_resets set expires_at = now() where user_id = ${user.id}`;
    expect(await codeOf(await reset(second))).toBe("auth.reset-token");
    expect((await login(user, TEST_PASSWORD)).status).toBe(200);
  });

  test("a weak password is refused and the link stays good; of two at once one counts", async () => {
    const user = await platform.makeUser();
    await ask(user.email);
    const token = await tokenTo(user);
    expect((await reset(token, user.email)).status).toBe(422);
    expect((await reset(token, "short")).status).toBe(422);
    const both = await Promise.all([reset(token, `${NEXT} one`), reset(token, `${NEXT} two`)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 403]);
  });

  test("nobody learns who has an account: the same answer, and no letter but to who has one", async () => {
    const resting = await platform.makeUser();
    await platform.database.sql`update users set is_active = false where id = ${resting.id}`;
    const known = await platform.makeUser();
    const before = server.letters.length;
    for (const name of ["nobody-at-all", "stranger@example.org", resting.email, "a\u0000b", "%", known.email]) {
      const answer = await ask(name);
      expect([answer.status, await answer.text()]).toEqual([202, ""]);
    }
    // Jobs are done in order: what came before the last one's letter would be there.
    await server.letterTo(known.email);
    expect(server.letters.length).toBe(before + 1);
  });

  test("letters of one name and questions of one network have bounds", async () => {
    const user = await platform.makeUser();
    for (let count = 0; count < LETTERS.limit + 2; count++) expect((await ask(user.email)).status).toBe(202);
    const last = await platform.makeUser();
    await ask(last.email);
    await server.letterTo(last.email);
    const sent = server.letters.filter(({ to }) => JSON.stringify(to).includes(user.email));
    expect(sent.length).toBe(LETTERS.limit);

    const network = from();
    const statuses: number[] = [];
    for (let count = 0; count <= ASKED.limit; count++) statuses.push((await ask(`name-${count}`, {}, network)).status);
    expect(statuses).toEqual([...Array<number>(ASKED.limit).fill(202), 429]);
  });

  test("a mail server that is busy gets the letter later; one that refuses for good is left alone", async () => {
    const user = await platform.makeUser();
    server.refuseForNow(1);
    await ask(user.email);
    await tokenTo(user);
    const gone = await platform.makeUser();
    await platform.database.sql`update users set email = 'nobody@example.org' where id = ${gone.id}`;
    await ask(gone.username);
    const next = await platform.makeUser();
    await ask(next.username);
    await server.letterTo(next.email);
    const text = await metrics.metrics();
    expect(text).toContain('streamhub_letters_total{kind="reset",outcome="failed"} 1');
    expect(text).toContain('streamhub_letters_total{kind="reset",outcome="refused"} 1');
  });

  test("where no letters are sent, it is said", async () => {
    const answer = await off.request("POST", "/api/auth/password/forgotten", { login: "ada" });
    expect([answer.status, await codeOf(answer)]).toEqual([409, "mail.off"]);
    expect(await (await off.request("GET", "/api/site")).json()).toMatchObject({ sendsMail: false });
    expect(await (await platform.request("GET", "/api/site")).json()).toMatchObject({ sendsMail: true });
  });
});

describe("a channel that goes live", () => {
  let count = 0;
  async function goLive(followers: readonly TestUser[]): Promise<string> {
    const slug = `by-mail-${++count}`;
    const channel = await platform.makeChannel(slug, { title: "Night Train" });
    for (const user of followers) await user.request("PUT", `/api/channels/${channel.id}/follow`);
    const streamId = await channel.goLive();
    await publishStreamChange(platform.bus, "stream.started", {
      streamId,
      channelId: channel.id,
      slug,
      visibility: "public",
    });
    return slug;
  }

  test("is told to followers who asked for letters, in their language, with a way to get none", async () => {
    const [en, ru, quiet] = [await platform.makeUser(), await platform.makeUser(), await platform.makeUser()];
    expect((await en.request("PUT", "/api/notices/mail", { locale: "en" })).status).toBe(204);
    expect((await ru.request("PUT", "/api/notices/mail", { locale: "ru" })).status).toBe(204);
    expect(await (await en.request("GET", "/api/notices")).json()).toMatchObject({
      mail: { isOffered: true, isOn: true },
    });
    const slug = await goLive([quiet, en, ru]);
    const [english, russian] = [await server.letterTo(en.email), await server.letterTo(ru.email)];
    expect(english.subject).toBe("Night Train is live");
    expect(english.text).toContain(`${SITE}/watch/${slug}`);
    expect(russian.subject).toBe("Night Train в эфире");
    expect(server.letters.some(({ to }) => JSON.stringify(to).includes(quiet.email))).toBe(false);

    // As a mail program does it: by POST, without a session.
    const list = english.headers.get("list") as { unsubscribe?: { url?: string } };
    const url = new URL(list.unsubscribe!.url!);
    expect(url.origin).toBe(SITE);
    expect(
      english.headers.get("list-unsubscribe-post") ??
        english.headerLines.find(({ key }) => key === "list-unsubscribe-post")?.line,
    ).toContain("List-Unsubscribe=One-Click");
    const other = new URL(url);
    other.searchParams.set("user", String(ru.id));
    const click = (at: URL) =>
      platform.request("POST", `${at.pathname}${at.search}`, "List-Unsubscribe=One-Click", {
        "content-type": "application/x-www-form-urlencoded",
      });
    expect((await click(other)).status).toBe(403);
    expect((await click(url)).status).toBe(204);
    expect(await (await en.request("GET", "/api/notices")).json()).toMatchObject({ mail: { isOn: false } });
    expect(await (await ru.request("GET", "/api/notices")).json()).toMatchObject({ mail: { isOn: true } });
    expect((await ru.request("DELETE", "/api/notices/mail")).status).toBe(204);
    expect(await (await ru.request("GET", "/api/notices")).json()).toMatchObject({ mail: { isOn: false } });
  });

  test("a letter that the mail server does not take now comes later, once", async () => {
    const user = await platform.makeUser();
    await user.request("PUT", "/api/notices/mail", { locale: "en" });
    server.refuseForNow(1);
    await goLive([user]);
    await server.letterTo(user.email);
    const next = await platform.makeUser();
    await next.request("PUT", "/api/notices/mail", { locale: "en" });
    await goLive([next]);
    await server.letterTo(next.email);
    expect(server.letters.filter(({ to }) => JSON.stringify(to).includes(user.email)).length).toBe(1);
    expect(await metrics.metrics()).toContain('streamhub_notices_total{way="mail",outcome="failed"} 1');
  });

  test("where no letters are sent, nobody can ask for them", async () => {
    const user = await off.makeUser();
    const answer = await user.request("PUT", "/api/notices/mail", { locale: "en" });
    expect([answer.status, await codeOf(answer)]).toEqual([409, "mail.off"]);
  });
});

test("no token, address or password is in the log; nothing above was a mistake of the server", () => {
  expect(logged.join("\n")).not.toMatch(/@|reset#|password/);
  expect(platform.failures).toEqual([]);
  expect(off.failures).toEqual([]);
});
