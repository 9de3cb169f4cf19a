/** OBS Studio's H.264 encoders: which one a machine has, how many pictures at once it bears, and its own names for the same settings. */
import type { Rung } from "./ladder.ts";

export interface Machine {
  /** PCI vendor numbers of its graphics. */
  readonly vendors: readonly number[];
  readonly system: string;
  readonly logicalCores: number;
  /** Of OBS: "31.0.2". */
  readonly version: string;
}

export interface Encoder {
  readonly type: string;
  readonly maxTracks: number;
  readonly settings: (rung: Rung, pace: Pace) => Readonly<Record<string, string | number | boolean>>;
}

/** The same for all pictures, so that they can be cut at the same moments. */
export interface Pace {
  readonly keyframeSeconds: number;
  readonly bFrames: number;
}

const VENDOR = { nvidia: 0x10de, amd: 0x1002, intel: 0x8086 } as const;
/** Since when NVENC has the name that it has now. */
const RENAMED_IN = 31;

const common = ({ bitrate }: Rung, { keyframeSeconds }: Pace) => ({
  rate_control: "CBR",
  bitrate,
  keyint_sec: keyframeSeconds,
  profile: "high",
});

export function encoderFor({ vendors, system, logicalCores, version }: Machine): Encoder {
  if (/mac ?os|darwin/i.test(system))
    return {
      type: "com.apple.videotoolbox.videoencoder.ave.avc",
      maxTracks: 4,
      settings: (rung, pace) => ({ ...common(rung, pace), bframes: pace.bFrames > 0 }),
    };
  if (/windows/i.test(system) || vendors.includes(VENDOR.nvidia)) {
    if (vendors.includes(VENDOR.nvidia))
      return {
        type: Number.parseInt(version, 10) < RENAMED_IN ? "jim_nvenc" : "obs_nvenc_h264_tex",
        maxTracks: 4,
        settings: (rung, pace) => ({
          ...common(rung, pace),
          ...{ bf: pace.bFrames, preset: "p4", preset2: "p4", tune: "hq", multipass: "qres" },
          ...{ lookahead: false, psycho_aq: true, adaptive_quantization: true },
        }),
      };
    if (vendors.includes(VENDOR.amd))
      return {
        type: "h264_texture_amf",
        maxTracks: 3,
        settings: (rung, pace) => ({ ...common(rung, pace), bf: pace.bFrames, preset: "balanced" }),
      };
    if (vendors.includes(VENDOR.intel))
      return {
        type: "obs_qsv11_v2",
        maxTracks: 3,
        settings: (rung, pace) => ({ ...common(rung, pace), bframes: pace.bFrames, target_usage: "TU4" }),
      };
  }
  return {
    type: "obs_x264",
    // About two and a half cores for 1080p at 60 pictures a second, and a game wants some as well.
    maxTracks: logicalCores >= 16 ? 4 : logicalCores >= 8 ? 3 : logicalCores >= 6 ? 2 : 1,
    settings: (rung, pace) => ({
      ...common(rung, pace),
      ...{ bf: pace.bFrames, preset: "veryfast", tune: "", x264opts: "scenecut=0" },
    }),
  };
}
