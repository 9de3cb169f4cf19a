import { en } from "./admin/en.ts";
import { ru } from "./admin/ru.ts";
import { locale } from "./locale.ts";

/** The words of the administration; they travel with its pages. */
export const adminWords = () => (locale() === "ru" ? ru : en);
