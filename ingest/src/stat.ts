/**
 * What is live here in the words of nginx-rtmp's statistics page (`/stat`), for programs that read them: scene switchers, dashboards. A stream's
 * `name` is the channel's slug: where nginx has the stream key, which here is a secret.
 */
import { type Announced, NOTHING_ANNOUNCED, readAnnounced } from "./doctor/announced.ts";
import type { BroadcastSink, LiveBroadcast } from "./live/broadcast.ts";
import type { Codec, MediaTag } from "./live/media-tag.ts";
import type { Registry } from "./live/registry.ts";

export interface Stat {
  /** The page: XML, bit/s over the last ten seconds. */
  xml(): string;
  /** Call it once a second. */
  tick(): void;
}

/** Seconds that a rate is taken over, as nginx-rtmp does. */
const WINDOW = 10;

const CODEC_NAMES: Readonly<Record<Codec, string>> = {
  avc1: "H264",
  hvc1: "HEVC",
  av01: "AV1",
  vp09: "VP9",
  mp4a: "AAC",
  ".mp3": "MP3",
  Opus: "OPUS",
  fLaC: "FLAC",
  "ac-3": "AC3",
  "ec-3": "EAC3",
  unsupported: "unknown",
};

interface Counts {
  readonly audio: number;
  readonly video: number;
}
const NOTHING: Counts = { audio: 0, video: 0 };

/** Counts one broadcast's bytes. */
class Meter implements BroadcastSink {
  readonly keepsNothing = true;
  private audio = 0;
  private video = 0;
  private announced: Announced = NOTHING_ANNOUNCED;
  private codec: Codec | null = null;
  private sound: Codec | null = null;
  /** Of the last seconds, the oldest first. */
  private readonly past: Counts[] = [];

  constructor(readonly broadcast: LiveBroadcast) {}

  onTag({ kind, payload, codec }: MediaTag): void {
    if (kind === "video") {
      this.video += payload.length;
      this.codec = codec;
    } else if (kind === "audio") {
      this.audio += payload.length;
      this.sound = codec;
    } else this.announced = readAnnounced(payload) ?? this.announced;
  }

  onEnd(): void {}

  tick(): void {
    this.past.push({ audio: this.audio, video: this.video });
    if (this.past.length > WINDOW + 1) this.past.shift();
  }

  /** Bits a second; 0 until there are two looks to compare. */
  get rates(): Counts {
    const [first, last] = [this.past[0] ?? NOTHING, this.past.at(-1) ?? NOTHING];
    const seconds = this.past.length - 1;
    if (seconds < 1) return NOTHING;
    const rate = (bytes: number) => Math.round((bytes * 8) / seconds);
    return { audio: rate(last.audio - first.audio), video: rate(last.video - first.video) };
  }

  /** Empty while the encoder has not said how large its picture is: readers take it whole or not at all. */
  get meta(): string {
    const { width, height, fps } = this.announced;
    if (this.codec === null || width === null || height === null) return "";
    const video =
      `<width>${width}</width><height>${height}</height><frame_rate>${(fps ?? 0).toFixed(3)}</frame_rate>` +
      `<codec>${CODEC_NAMES[this.codec]}</codec>`;
    const audio = this.sound === null ? "" : `<codec>${CODEC_NAMES[this.sound]}</codec>`;
    return `<meta><video>${video}</video><audio>${audio}</audio></meta>`;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);

/** `now`: Unix time; default the clock. */
export function makeStat(registry: Registry, now: () => number = Date.now): Stat {
  const began = now();
  const meters = new Map<LiveBroadcast, Meter>();
  let accepted = 0;
  registry.listen({
    onStart(broadcast) {
      const meter = new Meter(broadcast);
      accepted++;
      meters.set(broadcast, meter);
      broadcast.subscribe(meter);
    },
    onEnd: (broadcast) => void meters.delete(broadcast),
  });

  function streamOf(meter: Meter): string {
    const { broadcast, rates } = meter;
    const { slug, startedAt, publisher, stats } = broadcast;
    // As in nginx, who has lost its encoder is not there: scene switchers go by that.
    if (publisher === null) return "";
    const time = now() - startedAt;
    const sender = `<client><id>1</id><address>${escapeXml(publisher.address)}</address><time>${time}</time><publishing/><active/></client>`;
    return (
      `<stream><name>${escapeXml(slug)}</name><time>${time}</time>` +
      `<bw_in>${rates.audio + rates.video}</bw_in><bytes_in>${stats.bytes}</bytes_in><bw_out>0</bw_out><bytes_out>0</bytes_out>` +
      `<bw_audio>${rates.audio}</bw_audio><bw_video>${rates.video}</bw_video>${sender}${meter.meta}` +
      `<nclients>1</nclients><publishing/><active/></stream>\n`
    );
  }

  return {
    xml() {
      const all = [...meters.values()];
      const sum = all.reduce((total, { rates }) => total + rates.audio + rates.video, 0);
      const bytes = all.reduce((total, { broadcast }) => total + broadcast.stats.bytes, 0);
      const streams = all.map(streamOf).join("");
      return (
        `<?xml version="1.0" encoding="utf-8" ?>\n<rtmp><uptime>${Math.round((now() - began) / 1_000)}</uptime>` +
        `<naccepted>${accepted}</naccepted><bw_in>${sum}</bw_in><bytes_in>${bytes}</bytes_in><bw_out>0</bw_out><bytes_out>0</bytes_out>` +
        `<server><application><name>live</name><live>\n${streams}<nclients>${all.length}</nclients></live></application></server></rtmp>\n`
      );
    },
    tick() {
      for (const meter of meters.values()) meter.tick();
    },
  };
}
