/** What the pages ask of the API before they can show anything, to the letter: the server answers it ahead (page-answers.ts). */
export const SHOWN = { live: 24, planned: 6, past: 12 } as const;

type Query = Readonly<Record<string, string | number | boolean>>;

const streams = (query: Query): string =>
  `/api/streams?${Object.entries(query)
    .map((pair) => pair.join("="))
    .join("&")}`;

/** Of a channel, by its public name. */
export const channelAsked = (slug: string): string => `/api/channels?slug=${slug}`;

/** Of a channel that is known, the broadcast of the moment first. */
export const streamsAsked = (channelId: number): readonly string[] => [
  streams({ channelId, live: true, limit: 1 }),
  streams({ status: "planned", limit: SHOWN.planned, channelId }),
  streams({ status: "ended", limit: SHOWN.past, channelId }),
];

/** Of the home page, what is live first. */
export const HOME_ASKED: readonly string[] = [
  streams({ live: true, limit: SHOWN.live }),
  streams({ status: "planned", limit: SHOWN.planned }),
  streams({ status: "ended", limit: SHOWN.past }),
  "/api/site",
];
