/** Accounts that are signed in, made straight in the database: for tests of what an actor may do. */
import { queries } from "@streamhub/db";
import { Elysia } from "elysia";
import { accessTokens } from "../src/auth/tokens.ts";
import { TEST_SECRET, type TestPlatform } from "./platform.ts";

export interface Actor {
  readonly id: number;
  readonly username: string;
  /** JSON in; a body that is a text is sent as it is. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

const tokens = new Elysia().use(accessTokens(TEST_SECRET)).decorator.accessTokens;

/** Without a platform's account: a visitor. */
export function visitorOf(platform: TestPlatform, authorization?: string): Pick<Actor, "request"> {
  return {
    async request(method, path, body, headers = {}) {
      const given = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
      return platform.app.handle(
        new Request(`http://localhost${path}`, {
          method,
          headers: {
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...(authorization === undefined ? {} : { authorization }),
            ...headers,
          },
          ...given,
        }),
      );
    },
  };
}

export async function makeActor(
  platform: TestPlatform,
  username: string,
  role: "user" | "moderator" | "admin" = "user",
): Promise<Actor> {
  const { db, sql } = platform.database;
  const email = `${username}@example.org`;
  const { id } = await queries.createUser(db, { username, email, hashedPassword: "!", role });
  const [session] = await sql<{ id: number }[]>`
    insert into sessions (user_id, expires_at) values (${id}, now() + interval '1 day') returning id`;
  const token = await tokens.sign({ sub: String(id), sid: session!.id });
  return { id, username, ...visitorOf(platform, `Bearer ${token}`) };
}
