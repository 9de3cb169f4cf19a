/** N players of HLS or DASH in one worker; the first of the first worker is judged by the rules of the standards too. */
import { makeInspector } from "../../src/conformance/inspector.ts";
import { isLoopback } from "../tool/address.ts";
import { BufferModel } from "../viewers/buffer-model.ts";
import { watchDash } from "../viewers/dash-viewer.ts";
import { watchHls } from "../viewers/hls-viewer.ts";
import { makeRequests } from "../viewers/requests.ts";
import type { AbrPolicy } from "../viewers/viewer.ts";
import type { Load } from "./publishers.ts";
import type { Reporter } from "./reporter.ts";

export interface ViewersTask {
  readonly kind: "viewers";
  readonly urls: readonly string[];
  readonly startAt: readonly number[];
  readonly timeoutMs: number;
  readonly abr: AbrPolicy;
  readonly insecure: boolean;
  /** Requests may go to any host that a playlist names. */
  readonly isOwned: boolean;
  readonly isJudged: boolean;
}

const SAMPLE_MS = 250;

export function startViewers(task: ViewersTask, reporter: Reporter): Load {
  const control = new AbortController();
  const timers: Timer[] = [];
  const models = new Set<BufferModel>();
  const seen = new WeakMap<BufferModel, { readonly played: number; readonly stalled: number }>();
  let live = 0;

  async function view(url: string, isJudged: boolean): Promise<void> {
    const { promise: joined, resolve } = Promise.withResolvers<void>();
    const startedAt = performance.now();
    const host = URL.parse(url)?.hostname;
    let model: BufferModel | null = null;
    let hasJoined = false;
    let hasFailed = false;
    let trouble = "there is nothing in it";
    const inspector = isJudged
      ? makeInspector({
          digest: (bytes) => Bun.hash(bytes).toString(36),
          onViolation({ rule, severity, detail }) {
            reporter.count(severity === "must" ? "conformance_errors" : "conformance_advice");
            if (severity === "must") reporter.reason(`breaks ${rule}: ${detail.slice(0, 120)}`);
          },
        })
      : null;
    const { timeoutMs, insecure, isOwned, abr } = task;
    const viewer = {
      url,
      reporter,
      abr,
      inspector,
      signal: control.signal,
      missed(problem: string) {
        reporter.count("missing_media");
        trouble = problem;
      },
      patienceMs: Math.max(timeoutMs, 15_000),
      requests: makeRequests({
        reporter,
        signal: control.signal,
        timeoutMs,
        insecure,
        isAllowed: (name) => isOwned || name === host || isLoopback(name),
      }),
      startModel(tracks: number, resumeAt: number) {
        model = new BufferModel({
          tracks,
          resumeAt,
          onStart() {
            hasJoined = true;
            live++;
            reporter.count("joined");
            reporter.observe("join_ms", performance.now() - startedAt);
            resolve();
          },
          onStall(milliseconds) {
            reporter.count("stalls");
            reporter.observe("stall_ms", milliseconds);
          },
        });
        models.add(model);
        return model;
      },
    };
    const isDash = /\.mpd(?:[?#]|$)/i.test(url);
    const late = setTimeout(() => {
      if (hasJoined || control.signal.aborted) return;
      hasFailed = true;
      reporter.count("failed");
      reporter.reason(`nothing could be shown within ${timeoutMs / 1_000} s`);
      resolve();
    }, timeoutMs);
    timers.push(late);
    const watching = (isDash ? watchDash : watchHls)(viewer).then(
      () => {
        if (control.signal.aborted || hasFailed) return;
        if (!hasJoined) reporter.reason(trouble);
        reporter.count(hasJoined ? "ended" : "failed");
      },
      (error: Error) => {
        if (control.signal.aborted || hasFailed) return;
        reporter.reason(error.message);
        reporter.count(hasJoined ? "disconnects" : "failed");
      },
    );
    void watching.then(() => {
      clearTimeout(late);
      if (hasJoined) live--;
      if (model !== null) models.delete(model);
      resolve();
    });
    await joined;
  }

  timers.push(
    setInterval(() => {
      const now = performance.now();
      for (const model of models) {
        model.advance(now);
        const before = seen.get(model) ?? { played: 0, stalled: 0 };
        const { played } = model;
        const stalled = model.stalled(now);
        seen.set(model, { played, stalled });
        reporter.count("played_ms", played - before.played);
        reporter.count("stalled_ms", stalled - before.stalled);
        const latency = model.latency(Date.now());
        if (latency !== null) reporter.observe("latency_ms", latency);
        if (model.playing === "playing") reporter.observe("buffer_s", Math.max(0, model.ahead));
      }
    }, SAMPLE_MS),
  );
  const begun = task.urls.map((url, index) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const isJudged = task.isJudged && index === 0;
    timers.push(setTimeout(() => void view(url, isJudged).finally(resolve), (task.startAt[index] ?? 0) * 1_000));
    return promise;
  });
  return {
    ready: Promise.all(begun).then(() => {}),
    tell() {
      reporter.gauge("live", live);
      let stalled = 0;
      for (const { playing } of models) if (playing === "stalled") stalled++;
      reporter.gauge("stalled", stalled);
    },
    stop() {
      control.abort();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
