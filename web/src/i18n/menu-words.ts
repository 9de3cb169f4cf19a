/** What the header says of the account: part of the first visit, so no more than that. */
import type { Same } from "./same.ts";

const en = {
  signIn: "Sign in",
  menu: (name: string) => `Account menu: ${name}`,
  studio: "Studio",
  profile: "Your profile",
  settings: "Settings",
  admin: "Administration",
  signOut: "Sign out",
  documents: "Documents",
  loading: "Loading",
  documentTitles: { terms: "Terms", privacy: "Privacy", rules: "Rules", cookies: "Cookies" },
};

const ru: Same<typeof en> = {
  signIn: "Войти",
  menu: (name) => `Меню аккаунта: ${name}`,
  studio: "Студия",
  profile: "Ваш профиль",
  settings: "Настройки",
  admin: "Администрирование",
  signOut: "Выйти",
  documents: "Документы",
  loading: "Загружаем",
  documentTitles: { terms: "Условия", privacy: "Приватность", rules: "Правила", cookies: "Cookie" },
};

export const menuWords = { en, ru };
