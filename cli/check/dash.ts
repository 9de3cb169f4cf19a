/** Plays DASH as a client does that looks at everything: each manifest, the clock, and the segments of all representations. */
import type { Inspector } from "@streamhub/ingest/conformance/inspector";
import { type Mpd, type Representation, resolve, type TimelineSegment } from "@streamhub/ingest/conformance/mpd";
import { prune } from "@streamhub/ingest/conformance/presentation";
import { wholeSegments } from "@streamhub/ingest/conformance/rules/dash-places";
import { type Client, type Fetched, isGood } from "./client.ts";

const MAX_REPRESENTATIONS = 8;
const FIRST_SEGMENTS = 2;
const MAX_RECORDED = 20;
/** More than any manifest lists. */
const MAX_TAKEN = 50_000;
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 5000;

export async function playDash(
  client: Client,
  inspector: Inspector,
  url: string,
  text: string,
  first: Fetched,
): Promise<void> {
  let mpd = inspector.mpd(url, text, first.answer);
  if (mpd?.isDynamic) await askClock(client, inspector, mpd, url);
  const inits = new Map<string, Promise<void>>();
  const taken = new Set<string>();
  /** Segments that were asked for while they grew. */
  const growing = new Map<string, Promise<Fetched>>();
  let queue: Promise<void> = Promise.resolve();

  async function init(representation: Representation): Promise<void> {
    const uri = representation.template?.initialization ?? null;
    if (uri === null) return;
    const fetched = await client.get(uri);
    if (client.isOver) return;
    if (isGood(fetched)) inspector.mpdInit(representation, fetched.bytes, fetched.answer);
    else inspector.failure(uri, "init", fetched.answer);
  }

  async function segment(representation: Representation, listed: TimelineSegment): Promise<void> {
    const uri = representation.template?.initialization ?? "";
    const known = inits.get(uri) ?? init(representation);
    inits.set(uri, known);
    await known;
    const fetched = await (growing.get(listed.uri) ?? client.get(listed.uri));
    growing.delete(listed.uri);
    if (client.isOver) return;
    if (isGood(fetched)) inspector.mpdSegment(representation, listed, fetched.bytes, fetched.answer);
    else inspector.failure(listed.uri, "segment", fetched.answer);
  }

  function take(shown: Mpd, isFirst: boolean): void {
    for (const period of shown.periods) {
      for (const { representations, isProtected, kind } of period.sets) {
        if (kind === "other") continue;
        if (isProtected) {
          client.notes.add("Segments are encrypted: what is in them was not looked at.");
          continue;
        }
        for (const representation of representations.slice(0, MAX_REPRESENTATIONS)) {
          const { template } = representation;
          if (template === null || template.segments === null) {
            client.notes.add("Segments are not listed in a SegmentTimeline: they were not looked at.");
            continue;
          }
          const whole = wholeSegments(shown, template);
          const fresh = whole.filter(({ uri }) => !taken.has(uri));
          for (const { uri } of whole) taken.add(uri);
          prune(taken, MAX_TAKEN);
          const some = !shown.isDynamic ? fresh.slice(0, MAX_RECORDED) : isFirst ? fresh.slice(-FIRST_SEGMENTS) : fresh;
          for (const each of some)
            queue = queue.then(() => (client.isOver ? undefined : segment(representation, each)));
          const open = template.segments[whole.length];
          // It is answered as it grows, until it is whole.
          if (open !== undefined && !growing.has(open.uri) && !client.isOver)
            growing.set(open.uri, client.get(open.uri));
        }
      }
    }
  }

  let isFirst = true;
  while (mpd !== null) {
    take(mpd, isFirst);
    isFirst = false;
    if (!mpd.isDynamic || mpd.minimumUpdatePeriod === null) break;
    await client.pause(Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, mpd.minimumUpdatePeriod * 1000)));
    if (client.isOver) break;
    const fetched = await client.get(url);
    if (client.isOver) break;
    if (isGood(fetched)) mpd = inspector.mpd(url, new TextDecoder().decode(fetched.bytes), fetched.answer);
    else inspector.failure(url, "manifest", fetched.answer);
  }
  await queue;
}

async function askClock(client: Client, inspector: Inspector, { utcTimings }: Mpd, url: string): Promise<void> {
  for (const { scheme, value } of utcTimings) {
    if (!/^urn:mpeg:dash:utc:http-(iso|xsdate|head):2014$/.test(scheme)) continue;
    const isHead = scheme.includes("http-head");
    const uri = resolve(value, url);
    const fetched = await client.get(uri, { method: isHead ? "HEAD" : "GET" });
    if (client.isOver) return;
    const { headers, sentAt, receivedAt } = fetched.answer;
    const told = isHead ? (headers?.get("date") ?? "") : new TextDecoder().decode(fetched.bytes).trim();
    const time = isGood(fetched) ? Date.parse(told) : Number.NaN;
    inspector.clock(uri, Number.isNaN(time) ? null : time - (sentAt + receivedAt) / 2, receivedAt - sentAt);
  }
}
