/** The words of the chat; they travel with it. */
import { en } from "./chat/en.ts";
import { ru } from "./chat/ru.ts";
import { locale } from "./locale.ts";

export const chatWords = () => (locale() === "ru" ? ru : en);
