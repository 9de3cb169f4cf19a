import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { matches } from "../caching.ts";
import { AppError, ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { PictureParams, PictureSchema, pictureRequest } from "./model.ts";
import { uploadService } from "./service.ts";
import { isPictureName, picturePath } from "./store.ts";

const managed = { 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 422: ProblemSchema };
const received = {
  200: PictureSchema,
  400: ProblemSchema,
  408: ProblemSchema,
  413: ProblemSchema,
  415: ProblemSchema,
  429: ProblemSchema,
  503: ProblemSchema,
  ...managed,
};
/** The body is read by the service, once it knows that the actor may send it. */
const putting = (operationId: string, summary: string) =>
  ({
    params: PictureParams,
    response: received,
    detail: { summary, operationId, requestBody: pictureRequest },
  }) as const;
const removing = (operationId: string, summary: string) =>
  ({
    params: PictureParams,
    response: { 204: t.Void(), ...managed },
    detail: { summary, operationId },
  }) as const;

/** A name is used for one picture only, so it may be kept for ever. Other sites may show it: that is what a picture of a page is for. */
const FILE_HEADERS = {
  "content-type": "image/webp",
  "cache-control": "public, max-age=31536000, immutable",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "cross-origin",
};

async function pictureResponse(folder: string, name: string, request: Request): Promise<Response> {
  const file = isPictureName(name) ? Bun.file(picturePath(folder, name)) : null;
  if (file === null || !(await file.exists())) throw new AppError("picture.not-found");
  const headers = { ...FILE_HEADERS, etag: `"${name}"` };
  if (matches(request.headers.get("if-none-match"), headers.etag)) return new Response(null, { status: 304, headers });
  return new Response(file, { headers });
}

export function uploadRoutes(services: Services) {
  const uploads = uploadService(services);
  const files = new Elysia({ name: "uploads-read", tags: ["Pictures"] }).get(
    "/uploads/:name",
    ({ params, request }) => pictureResponse(services.uploadsDir, params.name, request),
    {
      params: t.Object({ name: t.String() }),
      detail: {
        summary: "A picture",
        operationId: "getPicture",
        responses: { 200: { description: "The picture", content: { "image/webp": {} } } },
      },
    },
  );
  const writes = new Elysia({ name: "uploads-write", prefix: "/api", tags: ["Pictures"] })
    .use(signedIn(services))
    .put(
      "/users/:id/avatar",
      ({ actor, params, request }) => uploads.put(actor, "avatar", params.id, request),
      putting("putAvatar", "A new avatar: at most 8 MiB, cut to a square"),
    )
    .put(
      "/channels/:id/thumbnail",
      ({ actor, params, request }) => uploads.put(actor, "thumbnail", params.id, request),
      putting("putThumbnail", "A new picture of a channel: at most 8 MiB"),
    )
    .put(
      "/streams/:id/cover",
      ({ actor, params, request }) => uploads.put(actor, "cover", params.id, request),
      putting("putCover", "A new cover of a stream: at most 8 MiB"),
    )
    .delete(
      "/users/:id/avatar",
      async ({ actor, params, set }) => {
        await uploads.remove(actor, "avatar", params.id);
        set.status = 204;
      },
      removing("deleteAvatar", "Take the avatar away"),
    )
    .delete(
      "/channels/:id/thumbnail",
      async ({ actor, params, set }) => {
        await uploads.remove(actor, "thumbnail", params.id);
        set.status = 204;
      },
      removing("deleteThumbnail", "Take a channel's picture away"),
    )
    .delete(
      "/streams/:id/cover",
      async ({ actor, params, set }) => {
        await uploads.remove(actor, "cover", params.id);
        set.status = 204;
      },
      removing("deleteCover", "Take a stream's cover away"),
    );
  return new Elysia({ name: "uploads" }).use(writes).use(files);
}
