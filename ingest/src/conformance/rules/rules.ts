/** All rules. */
import type { Rule } from "../rule.ts";
import { ANSWER_RULES } from "./answer.ts";
import { DASH_RULES } from "./dash.ts";
import { MEDIA_RULES } from "./media.ts";
import { PLAYLIST_RULES } from "./playlist.ts";
import { RELOAD_RULES } from "./reload.ts";
import { RENDITION_RULES } from "./renditions.ts";

export const RULES: readonly Rule[] = [
  ...PLAYLIST_RULES,
  ...RELOAD_RULES,
  ...RENDITION_RULES,
  ...MEDIA_RULES,
  ...ANSWER_RULES,
  ...DASH_RULES,
];
