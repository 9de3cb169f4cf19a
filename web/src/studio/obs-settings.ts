/** What an encoder should be set to for a connection: docs/obs.md has the same table for people. */
import { makeZip } from "./zip.ts";

export interface EncoderSettings {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly videoKbps: number;
  readonly audioKbps: number;
  readonly keyframeSeconds: number;
}

/** The least upload, in Mbit/s, for each step. A third of it and more stays free: an encoder whose line is full drops frames. */
const STEPS = [
  { from: 12, width: 1920, height: 1080, fps: 60, videoKbps: 6000, audioKbps: 160 },
  { from: 8, width: 1920, height: 1080, fps: 30, videoKbps: 4500, audioKbps: 160 },
  { from: 6, width: 1280, height: 720, fps: 60, videoKbps: 3500, audioKbps: 160 },
  { from: 4, width: 1280, height: 720, fps: 30, videoKbps: 2500, audioKbps: 160 },
  { from: 2, width: 854, height: 480, fps: 30, videoKbps: 1200, audioKbps: 128 },
  { from: 0, width: 640, height: 360, fps: 30, videoKbps: 500, audioKbps: 96 },
] as const;

export const UPLOAD = { min: 1, max: 20, usual: 8 } as const;

/** `upload`: Mbit/s. */
export function settingsFor(upload: number): EncoderSettings {
  const { from: _, ...step } = STEPS.find(({ from }) => upload >= from) ?? STEPS[STEPS.length - 1] ?? STEPS[0];
  return { ...step, keyframeSeconds: 2 };
}

export interface Destination {
  /** `rtmp://host:port/app`. */
  readonly server: string;
  readonly streamKey: string;
  /** Of the channel: the profile is named after it. */
  readonly slug: string;
}

/**
 * A profile folder as OBS Studio keeps it and as Profile → Import takes it: `basic.ini`, `service.json`, `streamEncoder.json`. The output mode is
 * Advanced, because the simple one can't set the distance of keyframes.
 */
export function obsProfile(
  { server, streamKey, slug }: Destination,
  settings: EncoderSettings,
): Uint8Array<ArrayBuffer> {
  const folder = `StreamHub-${slug}`;
  const { width, height, fps, videoKbps, audioKbps, keyframeSeconds } = settings;
  const ini = [
    ["General", { Name: folder }],
    ["Output", { Mode: "Advanced" }],
    [
      "AdvOut",
      { ApplyServiceSettings: "false", TrackIndex: "1", Encoder: "obs_x264", Track1Bitrate: String(audioKbps) },
    ],
    [
      "Video",
      {
        BaseCX: "1920",
        BaseCY: "1080",
        OutputCX: String(width),
        OutputCY: String(height),
        FPSType: "1",
        FPSInt: String(fps),
        ScaleType: "bicubic",
      },
    ],
    ["Audio", { SampleRate: "48000", ChannelSetup: "Stereo" }],
  ] as const;
  const text = ini
    .map(([section, values]) =>
      [`[${section}]`, ...Object.entries(values).map(([name, value]) => `${name}=${value}`)].join("\n"),
    )
    .join("\n\n");
  const service = { type: "rtmp_custom", settings: { server, key: streamKey, use_auth: false, bwtest: false } };
  const encoder = {
    rate_control: "CBR",
    bitrate: videoKbps,
    keyint_sec: keyframeSeconds,
    preset: "veryfast",
    profile: "high",
    tune: "",
    x264opts: "",
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return makeZip([
    { name: `${folder}/basic.ini`, text: `${text}\n` },
    { name: `${folder}/service.json`, text: json(service) },
    { name: `${folder}/streamEncoder.json`, text: json(encoder) },
  ]);
}

/** What a phone's encoder reads from a QR code: an address that most take, and Larix Broadcaster's own form. */
export function phoneLinks({ server, streamKey, slug }: Destination): { readonly url: string; readonly larix: string } {
  const url = `${server}/${streamKey}`;
  const larix = new URLSearchParams({ "conn[][url]": url, "conn[][name]": slug, "conn[][active]": "on" });
  return { url, larix: `larix://set/v1?${larix}` };
}
