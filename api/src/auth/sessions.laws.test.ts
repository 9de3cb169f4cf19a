/** Whatever order tokens come in: a session has one good refresh token, and none after one came twice. Held to a model of a few lines. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

interface Model {
  /** Every token that was issued; the last one is the good one. */
  readonly tokens: string[];
  alive: boolean;
}

/** Which session, which of its tokens (a share of all that there are), and what for. */
const Step = fc.record({
  session: fc.nat(1),
  token: fc.double({ min: 0, max: 1, noNaN: true }),
  act: fc.constantFrom("refresh", "refresh", "refresh", "newest", "logout", "me"),
});

test("refresh tokens keep to their model", async () => {
  let users = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { maxLength: 14 }), async (steps) => {
      const user = await platform.makeUser({ username: `law-${++users}-of-tokens` });
      const second = await openSession(user);
      const models: Model[] = [
        { tokens: [user.refreshToken], alive: true },
        { tokens: [second], alive: true },
      ];
      for (const { session, token, act } of steps) {
        const model = models[session]!;
        const newest = model.tokens.length - 1;
        const index = act === "newest" ? newest : Math.round(token * newest);
        if (act === "me") {
          const { status } = await user.request("GET", "/api/auth/me");
          expect(status).toBe(models[0]!.alive ? 200 : 401);
          continue;
        }
        const path = act === "logout" ? "/api/auth/logout" : "/api/auth/refresh";
        const response = await platform.request("POST", path, { refreshToken: model.tokens[index] });
        if (act === "logout") {
          expect(response.status).toBe(204);
          model.alive = false;
          continue;
        }
        const body = (await response.json()) as { code?: string; refreshToken?: string };
        const wanted = !model.alive ? "auth.invalid" : index < newest ? "auth.reused" : undefined;
        expect(body.code).toBe(wanted);
        if (wanted === undefined) model.tokens.push(body.refreshToken!);
        else model.alive = false;
      }
    }),
    { numRuns: 40 },
  );
  expect(platform.failures).toEqual([]);
}, 120_000);

async function openSession(user: TestUser): Promise<string> {
  const body = { login: user.username, password: TEST_PASSWORD };
  const response = await platform.request("POST", "/api/auth/login", body, {
    "x-test-address": `10.9.0.${user.id % 250}`,
  });
  return ((await response.json()) as { refreshToken: string }).refreshToken;
}
