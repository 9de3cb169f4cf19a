import { expect, test } from "bun:test";
import { openHttpClient } from "./http-client.ts";

test("counts bodies of any size over one connection, and says what was refused", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const size = Number(new URL(request.url).pathname.slice(1));
      return Number.isNaN(size) ? new Response("no", { status: 404 }) : new Response(new Uint8Array(size));
    },
  });
  const client = await openHttpClient("127.0.0.1", server.port!);
  for (const size of [0, 1, 100, 3_000_000, 7]) expect(await client.get(`/${size}`)).toBe(size);
  const refusal = await client.get("/nothing").catch((error: Error) => error.message);
  expect(refusal).toBe("HTTP/1.1 404 Not Found");
  client.close();
  await server.stop(true);
});
