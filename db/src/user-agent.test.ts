import { expect, test } from "bun:test";
import { deviceOf, isBot } from "./user-agent.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

test.each([
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
  "facebookexternalhit/1.1",
  "TelegramBot (like TwitterBot)",
  "curl/8.5.0",
  "python-requests/2.32",
  "Go-http-client/1.1",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/141.0.0.0 Safari/537.36",
  "kube-probe/1.31",
  "Bun/1.4.5",
  "okhttp/4.12.0",
])("nobody watches: %s", (agent) => expect(isBot(agent)).toBe(true));

test.each([
  [CHROME, "desktop"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1",
    "mobile",
  ],
  ["Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605", "tablet"],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537 Chrome/141 Mobile Safari/537", "mobile"],
  ["Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537 Chrome/141 Safari/537", "tablet"],
  ["Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537", "tv"],
  ["Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "desktop"],
  ["VLC/3.0.21 LibVLC/3.0.21", "other"],
  ["Lavf/61.7.100", "other"],
  ["AppleCoreMedia/1.0.0.22A3354 (iPhone; U; CPU OS 18_0 like Mac OS X; en_us)", "mobile"],
  ["ExoPlayerDemo/2.19 (Linux;Android 14) ExoPlayerLib/2.19", "tablet"],
  ["mpv 0.39.0", "other"],
  ["", "other"],
])("someone watches: %s", (agent, device) => expect([isBot(agent), deviceOf(agent)]).toEqual([false, device as never]));

test("a long User-Agent takes no time", () => {
  const started = performance.now();
  for (let i = 0; i < 50; i++) {
    isBot("a".repeat(100_000) + i);
    deviceOf("android ".repeat(20_000) + i);
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
