import { t } from "elysia";
import { IdSchema } from "../paging.ts";

export const PictureParams = t.Object({ id: IdSchema });

/** Where the picture is from now on. */
export const PictureSchema = t.Object({ url: t.String({ examples: ["/uploads/3q2-7wABAgMEBQYHCAkKCw.webp"] }) });

const binary = { schema: { type: "string", format: "binary" } } as const;

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
        type: "object",
        required: ["file"],
        properties: { file: { type: "string", format: "binary" } },
      },
    },
  },
} as const;
