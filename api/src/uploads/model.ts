import { t } from "elysia";
import { IdParam } from "../paging.ts";

export const PictureParams = t.Object({ id: IdParam });

/** Where the picture is from now on. */
export const PictureSchema = t.Object({ url: t.String({ examples: ["/uploads/3q2-7wABAgMEBQYHCAkKCw.webp"] }) });

const file = { type: "string" as const, format: "binary" };
const binary = { schema: file };

/** The route reads its body itself, so its document says here what it reads. */
export const pictureRequest = {
  required: true,
  content: {
    "image/jpeg": binary,
    "image/png": binary,
    "image/webp": binary,
    "image/avif": binary,
    "image/gif": binary,
    "multipart/form-data": {
      schema: {
        type: "object" as const,
        required: ["file"],
        properties: { file },
      },
    },
  },
};
