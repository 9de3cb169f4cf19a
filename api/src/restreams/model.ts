import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema, WholeNumber } from "../json.ts";
import { IdParam, IdSchema } from "../paging.ts";
import { RestreamStatusSchema } from "../streams/sample.ts";
import { lineText } from "../text.ts";

const Columns = t.Pick(model.restreamRow, ["name", "url", "isActive", "createdAt", "updatedAt"]);

/** As the channel's owner sees it; the key itself is never told. */
export const RestreamSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(Columns).properties,
  hasKey: t.Boolean({ description: "False: the key can't be read any more and has to be entered again" }),
  status: t.Object({
    state: RestreamStatusSchema.properties.state,
    /** Null while it is off. */
    since: t.Union([t.String(), t.Null()]),
    fault: RestreamStatusSchema.properties.fault,
    bytes: WholeNumber({ minimum: 0 }),
    droppedFrames: WholeNumber({ minimum: 0 }),
  }),
});
export const RestreamListSchema = t.Object({ items: t.Array(RestreamSchema) });

/** What an address and what a key may consist of: neither has a blank in it. */
const PRINTABLE = "^[!-~]+$";
const fields = {
  name: lineText({ max: 100 }),
  url: t.String({
    minLength: 8,
    maxLength: 1_000,
    pattern: PRINTABLE,
    description: "rtmp:// or rtmps://, as the service gives it to encoders",
  }),
  key: t.String({ minLength: 1, maxLength: 500, pattern: PRINTABLE, description: "The service's stream key" }),
  isActive: t.Boolean({ description: "Broadcasts are sent there" }),
};
const key = t.Optional({
  ...fields.key,
  description: "The service's stream key; default: what stands behind the last / of `url`",
});

export const RestreamBody = t.Object({
  name: fields.name,
  url: fields.url,
  key,
  isActive: t.Optional(fields.isActive),
});
/** Another address wants its key with it: no service is sent the key of another. */
export const RestreamChangeBody = t.Partial(t.Object(fields));

export const RestreamsParams = t.Object({ id: IdParam });
export const RestreamParams = t.Object({ id: IdParam, restreamId: IdParam });
