/** What the platform is doing: live streams, viewers, views, database, bus. The same numbers for everybody, however many processes say them. */
import { queries, viewersSet } from "@streamhub/db";
import type { Services } from "../services.ts";
import { gauge, reading, total } from "./registry.ts";

/** A scrape must be answered while the database is not. Milliseconds. */
const PATIENCE = 1_000;
/** However many scrape. */
const FRESH = 2_000;

/** Reads at most once in a while, and never twice at once; null when it fails or takes too long. */
function remembered<T>(read: () => Promise<T>): () => Promise<T | null> {
  let at = Number.NEGATIVE_INFINITY;
  let isReading = false;
  let last: Promise<T | null> = Promise.resolve(null);
  return () => {
    const now = performance.now();
    if (isReading || now - at < FRESH) return last;
    at = now;
    isReading = true;
    const answer = read()
      .catch(() => null)
      .finally(() => {
        isReading = false;
      });
    let timer: Timer | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), PATIENCE);
    });
    last = Promise.race([answer, late]).finally(() => clearTimeout(timer));
    return last;
  };
}

async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const began = performance.now();
  const result = await work;
  return { result, seconds: (performance.now() - began) / 1_000 };
}

export function platformMetrics({ db, bus, metrics, views }: Services): void {
  const audience = remembered(async () => {
    const live = await queries.listLiveStreams(db);
    const counts = await bus.presence.countAll(live.map(({ id }) => viewersSet(id)));
    return { streams: live.length, viewers: counts.reduce((sum, count) => sum + count, 0) };
  });
  reading(
    metrics,
    "streamhub_streams_live",
    "Streams that are live, on the whole platform",
    async () => (await audience())?.streams ?? Number.NaN,
  );
  reading(
    metrics,
    "streamhub_viewers",
    "Viewers of live streams, on the whole platform",
    async () => (await audience())?.viewers ?? Number.NaN,
  );

  const database = remembered(() => timed(queries.countConnections(db)));
  reading(metrics, "streamhub_database_up", "Whether the database answers within a second", async () =>
    (await database()) === null ? 0 : 1,
  );
  reading(
    metrics,
    "streamhub_database_answer_seconds",
    "How long the database took for a small question, waiting for a connection included",
    async () => (await database())?.seconds ?? Number.NaN,
  );
  gauge(metrics, {
    name: "streamhub_database_connections",
    help: "Connections to the database, of all processes of the platform",
    labelNames: ["state"],
    async collect() {
      const found = await database();
      for (const state of queries.CONNECTION_STATES) this.set({ state }, found?.result[state] ?? Number.NaN);
    },
  });

  gauge(metrics, {
    name: "streamhub_bus_up",
    help: "Whether the bus can be reached",
    labelNames: ["kind"],
    collect() {
      this.set({ kind: bus.kind }, bus.state().up ? 1 : 0);
    },
  });
  total(
    metrics,
    "streamhub_bus_dropped_total",
    "Writes lost because the bus was away or full",
    () => bus.state().dropped,
  );
  total(metrics, "streamhub_bus_outages_total", "Times that the bus went away", () => bus.state().outages);

  const webhooks = remembered(() => queries.countPendingDeliveries(db));
  reading(
    metrics,
    "streamhub_webhook_deliveries_pending",
    "Messages on their way to active webhooks, on the whole platform",
    async () => (await webhooks()) ?? Number.NaN,
  );

  if (views === undefined) return;
  total(metrics, "streamhub_views_opened_total", "Viewing sessions opened here", () => views.state().opened);
  total(metrics, "streamhub_view_heartbeats_total", "Signs of life of viewers", () => views.state().heartbeats);
  total(metrics, "streamhub_view_heartbeats_dropped_total", "Signs of life without room", () => views.state().dropped);
  total(metrics, "streamhub_view_writes_total", "Statements that wrote signs of life", () => views.state().writes);
  reading(
    metrics,
    "streamhub_views_pending",
    "Viewing sessions with unwritten signs of life",
    () => views.state().pending,
  );
}
