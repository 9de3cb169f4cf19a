/** Rules about answers over HTTP. */
import type { Answer } from "../presentation.ts";
import { type ResourceKind, type Rule, rule } from "../rule.ts";

const PLAYLIST = /^(application\/vnd\.apple\.mpegurl|application\/x-mpegurl|audio\/mpegurl|audio\/x-mpegurl)$/i;
const MEDIA = /^((video|audio)\/(mp4|mp2t|aac|mpeg|webm|iso\.segment|ac3|eac3)|application\/mp4)$/i;
const MANIFEST = /^application\/dash\+xml$/i;

const TYPES: Readonly<Partial<Record<ResourceKind, RegExp>>> = {
  multivariant: PLAYLIST,
  playlist: PLAYLIST,
  blocking: PLAYLIST,
  manifest: MANIFEST,
  init: MEDIA,
  segment: MEDIA,
  part: MEDIA,
};

const isGood = ({ status }: Answer): boolean => status === 200 || status === 206;

function maxAge({ headers }: Answer): number | null {
  const control = headers?.get("cache-control") ?? "";
  if (/\bno-(store|cache)\b/.test(control)) return 0;
  const seconds = /\b(?:s-maxage|max-age)=(\d+)/.exec(control)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

export const ANSWER_RULES: readonly Rule[] = [
  rule({
    name: "http.answers",
    section: "HLS §6.2.2, DASH §5.3.9.5.3",
    severity: "must",
    demands: "What is listed is there.",
    on: "answer",
    check: ({ answer, resource }) =>
      isGood(answer) || resource === "probe" || resource === "removed" ? [] : [`The answer is ${answer.status}`],
  }),
  rule({
    name: "http.removed-answers",
    section: "HLS §6.2.2",
    severity: "must",
    demands:
      "A segment answers for its own duration and that of the longest playlist that listed it, after it was removed.",
    on: "removed",
    check: ({ answer }) => (isGood(answer) ? [] : [`It was removed a moment ago, and the answer is ${answer.status}`]),
  }),
  rule({
    name: "http.type",
    section: "HLS §4, RFC 8216 §10, DASH Annex C",
    severity: "must",
    demands: "Content-Type says what it is.",
    on: "answer",
    check({ answer, resource }) {
      const wanted = TYPES[resource];
      if (answer.headers === null || !isGood(answer) || wanted === undefined) return [];
      const type = (answer.headers.get("content-type") ?? "").split(";", 1)[0]!.trim();
      return wanted.test(type) ? [] : [`Content-Type is "${type}" for a ${resource}`];
    },
  }),
  rule({
    name: "http.cors",
    section: "Fetch §3.2",
    severity: "should",
    demands: "Access-Control-Allow-Origin lets players of other sites read it.",
    on: "answer",
    check: ({ answer, resource }) =>
      answer.headers === null ||
      !isGood(answer) ||
      resource === "probe" ||
      answer.headers.has("access-control-allow-origin")
        ? []
        : [`A ${resource} has no Access-Control-Allow-Origin`],
  }),
  rule({
    name: "http.cache-playlist",
    section: "HLS §6.2.5.2, Apple authoring",
    severity: "should",
    demands: "Caches keep a live playlist for half a target duration at most, the answer to a blocking reload for six.",
    on: "answer",
    check({ answer, resource, targetDuration }) {
      if (answer.headers === null || targetDuration === null || !isGood(answer)) return [];
      const limit = resource === "playlist" ? targetDuration / 2 : resource === "blocking" ? targetDuration * 6 : null;
      const age = maxAge(answer);
      return limit === null || age === null || age <= limit ? [] : [`A ${resource} reload may be kept for ${age} s`];
    },
  }),
  rule({
    name: "http.cache-media",
    section: "RFC 9111 §5.2.2",
    severity: "should",
    demands: "Caches may keep segments: their bytes never change.",
    on: "answer",
    check({ answer, resource }) {
      if (answer.headers === null || !isGood(answer)) return [];
      if (resource !== "segment" && resource !== "part" && resource !== "init") return [];
      // For one viewer alone: it was meant so.
      if (/\bprivate\b/.test(answer.headers.get("cache-control") ?? "")) return [];
      const age = maxAge(answer);
      return age === 0 ? [`A ${resource} may not be kept`] : [];
    },
  }),
  rule({
    name: "http.cache-missing",
    section: "RFC 9111 §5.2.2",
    severity: "should",
    demands: "Caches keep a 404 for a few seconds at most: what is missing may come.",
    on: "answer",
    check({ answer, resource }) {
      const age = maxAge(answer);
      return resource === "probe" && answer.status === 404 && age !== null && age > 10
        ? [`A 404 may be kept for ${age} s`]
        : [];
    },
  }),
  rule({
    name: "hls.directives",
    section: "HLS §6.2.5.2",
    severity: "should",
    demands: "Directives that make no sense are answered 400 at once.",
    on: "probe",
    check: ({ what, wanted, answer }) =>
      answer.status === wanted ? [] : [`${what} is answered ${answer.status}, not ${wanted}`],
  }),
];
