import { type Locale, locale } from "./language.ts";
import { playerEn } from "./player-en.ts";
import { playerRu } from "./player-ru.ts";
import type { PlayerWords } from "./player-words.ts";

const dictionaries: Readonly<Record<Locale, PlayerWords>> = { en: playerEn, ru: playerRu };

/** The player's words in the current language. */
export const playerWords = (): PlayerWords => dictionaries[locale()];
