import { Elysia } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import {
  AcceptancesSchema,
  AcceptBody,
  DocumentListSchema,
  DocumentParams,
  DocumentSchema,
  EditBody,
  EditParams,
  EditQuery,
  LocaleQuery,
  PreviewBody,
  PreviewSchema,
  VersionListSchema,
  VersionParams,
  VersionTextSchema,
} from "./model.ts";
import { documentService, type Wanted } from "./service.ts";

const wanted = (request: Request, { locale }: { locale?: string }): Wanted => ({
  locale,
  acceptLanguage: request.headers.get("accept-language"),
});

interface Headers {
  headers: Record<string, string | number>;
}

/** The same address has an answer per language. */
function say(set: Headers, locale?: string): void {
  set.headers.vary = "Accept-Language";
  if (locale !== undefined) set.headers["content-language"] = locale;
}

const signedInProblems = { 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema };

export function documentRoutes(services: Services) {
  const documents = documentService(services);
  const reads = new Elysia({ name: "documents-read", prefix: "/api/documents", tags: ["Documents"] })
    .use(publicReads(10))
    .get(
      "/",
      ({ query, request, set }) => {
        say(set);
        return documents.list(wanted(request, query));
      },
      {
        query: LocaleQuery,
        response: { 200: DocumentListSchema, 422: ProblemSchema },
        detail: { summary: "Documents of this site, without their texts", operationId: "listDocuments" },
      },
    )
    .get(
      "/:slug",
      async ({ params, query, request, set }) => {
        const document = await documents.get(params.slug, wanted(request, query));
        say(set, document.locale);
        return document;
      },
      {
        params: DocumentParams,
        query: LocaleQuery,
        response: { 200: DocumentSchema, 404: ProblemSchema, 422: ProblemSchema },
        detail: { summary: "One document, as Markdown and as HTML", operationId: "getDocument" },
      },
    )
    .get(
      "/:slug/versions",
      async ({ params, query, request, set }) => {
        const { items, locale } = await documents.versions(params.slug, wanted(request, query));
        say(set, locale);
        return { items };
      },
      {
        params: DocumentParams,
        query: LocaleQuery,
        response: { 200: VersionListSchema, 404: ProblemSchema, 422: ProblemSchema },
        detail: { summary: "The versions of a document, the newest first", operationId: "listDocumentVersions" },
      },
    )
    .get(
      "/:slug/versions/:version",
      async ({ params, query, request, set }) => {
        const version = await documents.version(params.slug, params.version, wanted(request, query));
        say(set, version.locale);
        return version;
      },
      {
        params: VersionParams,
        query: LocaleQuery,
        response: { 200: VersionTextSchema, 404: ProblemSchema, 422: ProblemSchema },
        detail: { summary: "The text of one version", operationId: "getDocumentVersion" },
      },
    );
  const writes = new Elysia({ name: "documents-write", prefix: "/api/documents", tags: ["Documents"] })
    .use(signedIn(services))
    .get("/acceptances", ({ actor, query, request }) => documents.acceptances(actor, wanted(request, query)), {
      query: LocaleQuery,
      response: { 200: AcceptancesSchema, ...signedInProblems },
      detail: { summary: "What you agreed to, and what is left", operationId: "listAcceptances" },
    })
    .post(
      "/acceptances",
      ({ actor, body, query, request }) => documents.accept(actor, body.documents, wanted(request, query)),
      {
        body: AcceptBody,
        query: LocaleQuery,
        response: { 200: AcceptancesSchema, 404: ProblemSchema, 409: ProblemSchema, ...signedInProblems },
        detail: { summary: "Agree to current versions of documents", operationId: "acceptDocuments" },
      },
    )
    .post("/preview", ({ actor, body }) => documents.preview(actor, body.body), {
      body: PreviewBody,
      response: { 200: PreviewSchema, ...signedInProblems },
      detail: { summary: "How a text would look as a document (admins)", operationId: "previewDocument" },
    })
    .put("/:slug", ({ actor, params, query, body }) => documents.save(actor, { ...params, ...query, ...body }), {
      params: EditParams,
      query: EditQuery,
      body: EditBody,
      response: { 200: DocumentSchema, 404: ProblemSchema, 409: ProblemSchema, ...signedInProblems },
      detail: { summary: "Save a document's text as a new version (admins)", operationId: "saveDocument" },
    });
  return new Elysia({ name: "documents" }).use(writes).use(reads);
}
