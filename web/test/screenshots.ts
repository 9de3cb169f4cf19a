/**
 * `bun run screenshots [FOLDER]`: every page × {390, 768, 1440} × {light, dark} × {en, ru}, of a real server with a real broadcast, to be looked at.
 * `--only TEXT` takes the pages whose name holds it.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeDataDir, publish, removeDataDir, startServer, streamhub, until } from "../../cli/e2e/server.ts";
import { builtSite } from "./built-site.ts";
import { openBrowser } from "./e2e/browser.ts";
import { createChannel, register } from "./e2e/streamer.ts";

const WIDTHS = [390, 768, 1440] as const;
const HEIGHTS: Readonly<Record<number, number>> = { 390: 844, 768: 1024, 1440: 900 };
const THEMES = ["light", "dark"] as const;
const LOCALES = ["en", "ru"] as const;
/** For pictures and charts to arrive. */
const SETTLE_MS = 1_200;
/** Not shown to a test: who only opens it fills the statistics a little. */
const WATCH_MS = 12_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", default: "" } },
});
const folder = resolve(positionals[0] ?? join(import.meta.dir, "..", "screenshots"));
mkdirSync(folder, { recursive: true });

await builtSite();
const dataDir = makeDataDir();
const server = await startServer({ dataDir });
const browser = await openBrowser();

type Api = (method: string, path: string, body?: unknown) => Promise<{ id: number }>;

/** Some who watch together; the second time they are back. */
async function talk(site: string, channelId: number, api: Api): Promise<void> {
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
    const response = await fetch(`${site}${path}`, { ...init, body: JSON.stringify(body) });
    return (await response.json()) as { id: number; accessToken: string };
  };
  const path = `/api/channels/${channelId}/chat/messages`;
  const speaker = async (username: string) => {
    const password = "a password for pictures";
    const { accessToken: made } = await post("/api/auth/register", {
      username,
      email: `${username}@example.org`,
      password,
    });
    const { accessToken } =
      made === undefined ? await post("/api/auth/login", { login: username, password }) : { accessToken: made };
    return (text: string, replyTo: number | null = null) =>
      post(path, { text, replyTo }, { authorization: `Bearer ${accessToken}` });
  };
  const [boris, chen, daria] = [await speaker("boris"), await speaker("chen"), await speaker("daria")];
  await boris("The light over the river is unreal 😍");
  const question = await chen("Which station was that? I looked away for a second.");
  await api("POST", path, { text: "Bologoye, half-way. The next stop is in forty minutes.", replyTo: question.id });
  await daria("Карта маршрута: https://www.openstreetmap.org/relation/3089197");
  await chen("thanks @ada!");
  await boris(
    "Somebody should make a whole day of this, with the sound of the wheels and nothing else. I would leave it on while I work.",
  );
}

async function main(): Promise<void> {
  const { page } = await browser.view();
  await register(page, server.site, "ada");
  await streamhub(["user", "role", "ada", "admin"], { env: { DATA_DIR: dataDir } });
  await createChannel(page, server.site, "Still Water");
  const { slug, streamKey } = await createChannel(page, server.site, "Night Train");
  const csrf = (await page.context().cookies()).find(({ name }) => name === "streamhub_csrf")?.value ?? "";
  const api = async (method: string, path: string, body?: unknown) => {
    const headers = { "x-csrf-token": csrf, origin: server.site };
    const init = body === undefined ? { method, headers } : { method, headers, data: body };
    const response = await page.request.fetch(`${server.site}${path}`, init);
    return response.status() === 204 ? null : response.json();
  };
  const channel = (await api("GET", `/api/channels?slug=${slug}`)).items[0];
  await api("PUT", `/api/channels/${channel.id}/follow`);
  const tomorrow = new Date(Date.now() + 26 * 3_600_000).toISOString();
  await api("PUT", `/api/channels/${channel.id}`, { description: "From Petersburg to Murmansk, by the window." });
  await api("POST", `/api/streams/${channel.id}`, { title: "Over the Arctic circle", scheduledFor: tomorrow });

  const first = publish(`${server.rtmp}/${streamKey}`, { seconds: 15 });
  await until(
    "the first broadcast",
    async () => (await api("GET", `/api/streams?channelId=${channel.id}&live=true`)).items[0],
  );
  await talk(server.site, channel.id, api);
  await watch(slug);
  await first.exited;
  const past = await until(
    "its end",
    async () => (await api("GET", `/api/streams?channelId=${channel.id}&live=false`)).items[0],
    90,
  );
  // Longer than all the pictures take.
  const encoder = publish(`${server.rtmp}/${streamKey}`, { seconds: 7_200 });
  await until(
    "the broadcast",
    async () => (await api("GET", `/api/streams?channelId=${channel.id}&live=true`)).items[0],
  );
  await talk(server.site, channel.id, api);

  const pages: readonly (readonly [name: string, path: string, who: "guest" | "member"])[] = [
    ["home", "/", "guest"],
    ["following", "/", "member"],
    ["watch-live", `/watch/${slug}`, "guest"],
    ["watch-off-air", "/watch/still-water", "guest"],
    ["past", `/v/${past.id}`, "guest"],
    ["search", "/search?q=night", "guest"],
    ["embed", `/embed/${slug}`, "guest"],
    ["offline", "/offline.html", "guest"],
    ["missing", "/no/such/page", "guest"],
    ["login", "/login", "guest"],
    ["forgotten", "/forgotten", "guest"],
    ["reset", "/reset#a-token", "guest"],
    ["register", "/register", "guest"],
    ["document", "/documents/terms", "guest"],
    ["profile", `/users/${channel.owner.id}`, "guest"],
    ["settings", "/settings", "member"],
    ["studio", "/studio", "member"],
    ["new-channel", "/new-channel", "member"],
    ["studio-live", `/studio/${slug}`, "member"],
    ["studio-off-air", "/studio/still-water", "member"],
    ["studio-go-live", `/studio/${slug}/go-live`, "member"],
    ["studio-streams", `/studio/${slug}/streams`, "member"],
    ["studio-statistics", `/studio/${slug}/statistics`, "member"],
    ["studio-statistics-stream", `/studio/${slug}/statistics?stream=${past.id}`, "member"],
    ["studio-settings", `/studio/${slug}/settings`, "member"],
    ["admin-system", "/admin", "member"],
    ["admin-users", "/admin/users", "member"],
    ["admin-channels", "/admin/channels", "member"],
    ["admin-documents", "/admin/documents", "member"],
    ["admin-document", "/admin/documents/rules", "member"],
    ["admin-audit", "/admin/audit", "member"],
  ];
  const chosen = pages.filter(([name]) => name.includes(values.only));
  const guest = (await browser.view({ reducedMotion: "reduce" })).page;
  await page.emulateMedia({ reducedMotion: "reduce" });
  const [many, wide] = [chosen.length * WIDTHS.length * THEMES.length * LOCALES.length, []] as [number, string[]];
  let taken = 0;
  for (const [name, path, who] of chosen) {
    const shown = who === "guest" ? guest : page;
    for (const locale of LOCALES) {
      await shown.goto(`${server.site}/robots.txt`);
      await shown.evaluate((choice) => localStorage.setItem("streamhub.locale", choice), locale);
      for (const width of WIDTHS) {
        await shown.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
        for (const colorScheme of THEMES) {
          await shown.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await shown.goto(server.site + path);
          await shown.waitForTimeout(SETTLE_MS);
          const label = `${name}-${width}-${colorScheme}-${locale}`;
          if (await shown.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wide.push(label);
          await shown.screenshot({ path: join(folder, `${label}.png`), fullPage: true });
          taken += 1;
          process.stdout.write(`\r${taken} of ${many}`);
        }
      }
    }
  }
  console.log(`\nThey are in ${folder}`);
  for (const label of wide) console.log(`wider than its window: ${label}`);
  await encoder.stop();
}

async function watch(slug: string): Promise<void> {
  const { page } = await browser.view();
  await page.goto(`${server.site}/watch/${slug}`);
  await page.waitForTimeout(WATCH_MS);
  await page.context().close();
}

try {
  await main();
} finally {
  await browser.close();
  await server.stop();
  removeDataDir(dataDir);
}
