/** Where the files of a recording lie in a storage. */

/** Of finished and growing recordings, by stream. */
export const RECORDINGS = "recordings/";
/** Of broadcasts that are not recorded: only for as long as players may rewind. */
export const SCRATCH = "dvr/";

/** Everything of one stream's recording. */
export const recordingPrefix = (streamId: number): string => `${RECORDINGS}${streamId}/`;

export const segmentKey = (prefix: string, rendition: string, number: number): string =>
  `${prefix}${rendition}/${number}.m4s`;
export const initKey = (prefix: string, rendition: string, epoch: number): string =>
  `${prefix}${rendition}/init-${epoch}.mp4`;

/** One line for each thing that was written, in files of some lines each, while the broadcast goes on. */
export const journalPrefix = (prefix: string): string => `${prefix}journal/`;
const DIGITS = 6;
export const journalKey = (prefix: string, index: number): string =>
  `${journalPrefix(prefix)}${String(index).padStart(DIGITS, "0")}.jsonl`;
/** All lines, once it is over. */
export const indexKey = (prefix: string): string => `${prefix}index.jsonl`;
