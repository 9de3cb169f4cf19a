import { compactNumber, pluralOf } from "./formats.ts";
import type { ViewerWords } from "./viewer-words.ts";

function form(count: number, one: string, few: string, many: string): string {
  const rule = pluralOf("ru", count);
  if (rule === "one") return one;
  return rule === "few" ? few : many;
}
const number = (count: number) => compactNumber("ru", count);

export const viewerRu = {
  home: {
    title: "В эфире",
    heading: (live) => `В эфире ${live} ${form(live, "канал", "канала", "каналов")}`,
    following: "Вы следите",
    list: "Прямые эфиры",
    quiet: "В эфире тихо.",
    quietMore: "Следующая трансляция появится здесь сама, как только начнётся.",
    loading: "Ищем трансляции",
    appeared: (title) => `${title}: эфир начался`,
    more: "Показать ещё",
    upcoming: "Скоро в эфире",
    recent: "Недавние эфиры",
    failed: "Список не загрузился.",
    planned: "Время ещё не назначено",
  },
  card: {
    live: "В эфире",
    fresh: "эфир только начался",
    since: (time) => `в эфире ${time}`,
    watch: "Смотреть",
    viewers: (count) => `${number(count)} ${form(count, "зритель", "зрителя", "зрителей")}`,
    views: (count) => `${number(count)} ${form(count, "просмотр", "просмотра", "просмотров")}`,
  },
  search: {
    label: "Поиск",
    placeholder: "Поиск каналов и эфиров",
    clear: "Очистить поиск",
    channels: "Каналы",
    streams: "Эфиры",
    title: "Поиск",
    failed: "Поиск не удался. Попробуйте ещё раз.",
    hint: "Названия каналов и эфиров на любом языке.",
    past: "прошедший эфир",
    planned: "запланирован",
    none: (text) => `По запросу «${text}» ничего нет.`,
    found: (count) => `${count} ${form(count, "результат", "результата", "результатов")}`,
    all: (text) => `Все результаты по запросу «${text}»`,
    heading: (text) => `Результаты по запросу «${text}»`,
  },
  watch: {
    loading: "Загружаем канал",
    offAir: "Не в эфире",
    offAirMore: "Оставьте страницу открытой: когда эфир начнётся, видео включится само.",
    ended: "Эфир завершён",
    endedMore: "Спасибо, что смотрели. Если канал вернётся, видео включится здесь.",
    others: "Кто сейчас в эфире",
    missing: "Такого канала нет",
    missingMore: "Возможно, его переименовали или в адресе опечатка.",
    about: "О канале",
    schedule: "Скоро в эфире",
    recordings: "Прошедшие эфиры",
    chat: "Чат",
    showChat: "Показать чат",
    next: "Следующий эфир",
    last: "Последний эфир",
    noAbout: "Канал ещё ничего о себе не рассказал.",
    feed: "Лента эфиров (Atom)",
    interrupted: "Кодировщик ненадолго пропал.",
  },
  follow: {
    follow: "Следить",
    following: "Вы следите",
    failed: "Не получилось. Попробуйте ещё раз.",
    tooMany: "Больше каналов добавить нельзя: сначала перестаньте следить за одним из них.",
    followers: (count) => `${number(count)} ${form(count, "подписчик", "подписчика", "подписчиков")}`,
  },
  share: {
    open: "Поделиться",
    heading: "Поделиться эфиром",
    link: "Адрес",
    copyLink: "Копировать адрес",
    startAt: "Начать с этого момента",
    embed: "Проигрыватель для вашей страницы",
    copyEmbed: "Копировать код",
    close: "Закрыть",
    from: (time) => `Начать с ${time}`,
  },
  past: {
    missing: "Такого эфира нет",
    missingMore: "Возможно, его удалили или в адресе опечатка.",
    notRecorded: "Этот эфир не записан",
    notRecordedMore: "Канал может снова быть в эфире, или у него есть другие записи.",
    live: "Этот эфир идёт сейчас",
    toLive: "Смотреть прямой эфир",
    planned: "Этот эфир ещё не начался",
    channel: "Перейти на канал",
  },
} satisfies ViewerWords;
