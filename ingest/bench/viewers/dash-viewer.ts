/** One conforming DASH player of manifests that list their segments (SegmentTimeline): whole segments, or the one that grows where that is allowed. */
import {
  type AdaptationSet,
  type Mpd,
  type Representation,
  readMpd,
  type TimelineSegment,
} from "../../src/conformance/mpd.ts";
import { prune } from "../../src/conformance/presentation.ts";
import type { BufferModel } from "./buffer-model.ts";
import { chooseRate, clockOf, Gone, pause, Throughput, type Viewer } from "./viewer.ts";

/** Whole segments from the end where a player begins. */
const FROM_END = 2;
const [LEAST_PAUSE_MS, MOST_PAUSE_MS] = [500, 5_000];
const MAX_TAKEN = 5_000;

const bandwidthOf = ({ attributes }: Representation): number => Number(attributes.get("bandwidth") ?? 0);

export async function watchDash(viewer: Viewer): Promise<void> {
  const { requests, url, signal, inspector, patienceMs } = viewer;
  const load = async (): Promise<Mpd> => {
    const got = await requests.get(url, "manifest");
    if (got.problem !== null) throw new Gone(got.problem);
    const text = new TextDecoder().decode(got.bytes);
    const mpd = readMpd(text, got.url);
    if (typeof mpd === "string") throw new Gone("answered with what is no DASH manifest");
    inspector?.mpd(url, text, got.answer);
    return mpd;
  };
  let mpd = await load();
  if (signal.aborted) return;
  const kinds = (["video", "audio"] as const).filter((kind) => setOf(mpd, kind) !== null);
  if (kinds.length === 0) throw new Gone("the manifest lists no video and no audio in a SegmentTimeline");
  const model = viewer.startModel(kinds.length, 0.1);
  const tracks = kinds.map((kind, index) => makeTrack(viewer, model, index, kind));
  let newestAt = performance.now();
  let failures = 0;
  for (;;) {
    const isNew = await Promise.all(tracks.map((track) => track.take(mpd)));
    if (isNew.some(Boolean)) newestAt = performance.now();
    if (!mpd.isDynamic || mpd.minimumUpdatePeriod === null || signal.aborted) return;
    if (performance.now() - newestAt > patienceMs) throw new Gone("nothing new came for too long");
    await pause(Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, mpd.minimumUpdatePeriod * 1_000)), signal);
    if (signal.aborted) return;
    try {
      mpd = await load();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (++failures * LEAST_PAUSE_MS > patienceMs) throw error;
    }
  }
}

/** The last period's set of this kind. */
function setOf(mpd: Mpd, kind: "video" | "audio"): AdaptationSet | null {
  const set = mpd.periods.at(-1)?.sets.find((each) => each.kind === kind);
  return set?.representations[0]?.template?.segments == null ? null : set;
}

function makeTrack(viewer: Viewer, model: BufferModel, track: number, kind: "video" | "audio") {
  const { requests, reporter, inspector, signal, abr } = viewer;
  const taken = new Set<string>();
  const inits = new Set<string>();
  const throughput = new Throughput();
  let isFirst = true;
  let current: string | null = null;

  function choose({ representations }: AdaptationSet): Representation {
    const sorted = representations.toSorted((a, b) => bandwidthOf(a) - bandwidthOf(b));
    const chosen = sorted[chooseRate(abr, sorted.map(bandwidthOf), throughput)]!;
    if (current !== null && chosen.id !== current) reporter.count("switches");
    current = chosen.id;
    return chosen;
  }

  async function fetchOne(mpd: Mpd, representation: Representation, segment: TimelineSegment): Promise<void> {
    const { template } = representation;
    const init = template?.initialization ?? null;
    if (init !== null && !inits.has(init)) {
      inits.add(init);
      const got = await requests.get(init, "init");
      if (got.problem === null) inspector?.mpdInit(representation, got.bytes, got.answer);
    }
    const from = performance.now();
    const got = await requests.get(segment.uri, "segment");
    if (signal.aborted) return;
    if (got.problem !== null) {
      viewer.missed(got.problem);
      return;
    }
    throughput.add(got.bytes.length, performance.now() - from);
    inspector?.mpdSegment(representation, segment, got.bytes, got.answer);
    const { timescale, presentationTimeOffset } = template!;
    const period = mpd.periods.at(-1)?.start ?? 0;
    const start = mpd.availabilityStartTime;
    const made = start === null ? null : start + (period + (segment.time - presentationTimeOffset) / timescale) * 1_000;
    const clock = kind === "video" ? clockOf(got.bytes) : null;
    if (clock !== null) reporter.observe("arrival_ms", Date.now() - clock);
    model.add(track, segment.duration / timescale, clock ?? made, performance.now());
  }

  return {
    /** Fetches what is new; whether anything was. */
    async take(mpd: Mpd): Promise<boolean> {
      const set = setOf(mpd, kind);
      if (set === null) return false;
      const listed = choose(set).template!.segments!;
      const name = ({ number, time }: TimelineSegment) => `${mpd.periods.at(-1)?.id ?? ""} ${number} ${time}`;
      const fresh = listed.filter((segment) => !taken.has(name(segment)));
      for (const segment of fresh) taken.add(name(segment));
      prune(taken, MAX_TAKEN);
      const wanted = isFirst && mpd.isDynamic ? fresh.slice(-FROM_END) : fresh;
      isFirst = false;
      for (const segment of wanted) {
        if (signal.aborted) return true;
        const representation = choose(set);
        const same = representation.template?.segments?.find(({ time }) => time === segment.time) ?? segment;
        await fetchOne(mpd, representation, same);
      }
      return fresh.length > 0;
    },
  };
}
