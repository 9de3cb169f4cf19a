/** ffmpeg for a server, which runs without one too: the remuxer of this process takes its place. */

import type { RemuxerChoice } from "@streamhub/ingest/live/ports";
import { type Ffmpeg, FfmpegError, probeFfmpeg } from "@streamhub/ingest/remux/ffmpeg-probe";
import type { makeLog } from "./log.ts";

export interface FfmpegWanted {
  readonly ffmpegPath: string | null;
  readonly remuxer: RemuxerChoice;
}

/** What stands for a missing one reads no codec. Throws FfmpegError where it can't be used, or is missing and `REMUXER=ffmpeg` wants it. */
export async function findFfmpeg(
  { ffmpegPath, remuxer }: FfmpegWanted,
  log: Pick<ReturnType<typeof makeLog>, "warn">,
): Promise<Ffmpeg> {
  const path = ffmpegPath ?? "ffmpeg";
  try {
    return await probeFfmpeg(path);
  } catch (error) {
    if (!(error instanceof FfmpegError) || error.code !== "ffmpeg.missing" || remuxer === "ffmpeg") throw error;
    log.warn(
      { code: error.code },
      `Without ffmpeg there are no pictures, quality levels and downloads; broadcasts are served all the same. ${error.message}`,
    );
    return { path, version: "none", codecs: new Set() };
  }
}

export const isThere = ({ codecs }: Ffmpeg): boolean => codecs.size > 0;
