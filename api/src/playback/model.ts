import { t } from "elysia";
import { OWN_FORMAT } from "../json.ts";
import { IdParam } from "../paging.ts";

export const PlaybackParams = t.Object({ id: IdParam });

/** Of a player that has a token already and takes the next one: it stays the same player. */
export const PlaybackBody = t.Optional(
  t.Object({
    session: t.Optional(
      t.String({
        pattern: "^[A-Za-z0-9_-]{12}$",
        description: "What the answer before said: a player that goes on counts once",
      }),
    ),
  }),
);

const Address = (description: string) => t.Union([t.String(), t.Null()], { description });

export const PlaybackTokenSchema = t.Object({
  token: t.String({ description: "To be given as ?token= with every request for media" }),
  session: t.String({ description: "To be sent along when the next token is taken" }),
  expiresIn: t.Integer({ description: "Seconds; take the next one somewhat earlier" }),
  expiresAt: t.String({ [OWN_FORMAT]: "date-time", examples: ["2026-11-25T16:10:00.000Z"] }),
  /** Paths with the token in them. */
  hls: t.String(),
  dash: t.String(),
  ws: Address("Frame by frame over WebSocket, while it is live and its latency is not standard"),
  flv: Address("While it is live"),
});
