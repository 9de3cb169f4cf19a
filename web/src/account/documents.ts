/** What the site's documents are, for who must agree to them and for who reads them. */
import type { Accessor } from "solid-js";
import { locale } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf } from "../session/problem.ts";

/** All of them, in the reader's language. */
export const createDocumentList = () =>
  createAnswer(locale, (language) => outcomeOf(client.api.documents.get({ query: { locale: language } })), {
    keep: true,
  });

export const createDocument = (slug: Accessor<string>) =>
  createAnswer(
    () => [slug(), locale()] as const,
    ([name, language]) => outcomeOf(client.api.documents({ slug: name }).get({ query: { locale: language } })),
    { keep: true },
  );
