import { expect, test } from "bun:test";
import { sayPlace } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { makeGatewayPart } from "./gateway.ts";

const TOKEN = "a token of a gateway in 32 chars".replaceAll(" ", "-");
const bus = makeInProcessBus();

function ask(path: string, token: string | null, wanted: string | null = TOKEN, method = "GET") {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const request = new Request(`http://localhost${path}`, { method, headers });
  return makeGatewayPart({ bus, token: wanted })(request, () => "", path);
}

test("with the token it says which node has a channel", async () => {
  await sayPlace(bus, "one", "http://10.0.0.5:8080");
  const there = await ask("/gateway/ingest/one", TOKEN);
  expect([there?.status, there?.headers.get("x-ingest")]).toEqual([204, "http://10.0.0.5:8080"]);
  const none = await ask("/gateway/ingest/two", TOKEN);
  expect([none?.status, none?.headers.get("x-ingest")]).toEqual([204, null]);
});

test("to everybody else it is not there", () => {
  expect(ask("/gateway/ingest/one", null)).toBeNull();
  expect(ask("/gateway/ingest/one", `${TOKEN}x`)).toBeNull();
  expect(ask("/gateway/ingest/one", TOKEN, null)).toBeNull();
  expect(ask("/gateway/ingest/one", TOKEN, TOKEN, "POST")).toBeNull();
  expect(ask("/gateway/ingest/..%2f", TOKEN)).toBeNull();
});
