/** What the site's documents are, for who must agree to them and for who reads them. */
import type { Accessor } from "solid-js";
import { locale } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf } from "../session/problem.ts";

/** What is agreed to comes first. */
const ORDER = ["terms", "rules", "privacy", "cookies"];
const place = (slug: string) => (ORDER.indexOf(slug) + ORDER.length + 1) % (ORDER.length + 1);

/** All of them, in the reader's language. */
export const createDocumentList = () =>
  createAnswer(
    locale,
    async (language) => {
      const outcome = await outcomeOf(client.api.documents.get({ query: { locale: language } }));
      if (!outcome.ok) return outcome;
      return { ...outcome, value: { items: outcome.value.items.toSorted((a, b) => place(a.slug) - place(b.slug)) } };
    },
    { keep: true },
  );

export const createDocument = (slug: Accessor<string>) =>
  createAnswer(
    () => [slug(), locale()] as const,
    ([name, language]) => outcomeOf(client.api.documents({ slug: name }).get({ query: { locale: language } })),
    { keep: true },
  );
