/** A delivery on a real port, for whatever plays by URL. */
import { makeDelivery } from "../delivery.ts";

export function serveDelivery() {
  const delivery = makeDelivery();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => delivery.handle(request) ?? new Response("not ours", { status: 404 }),
  });
  return {
    delivery,
    url: server.url,
    async close() {
      await server.stop(true);
      delivery.stop();
    },
  };
}

export type Served = ReturnType<typeof serveDelivery>;
