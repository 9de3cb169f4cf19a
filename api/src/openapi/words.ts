/** What the OpenAPI document says in sentences. */
import { STATUS_CODES } from "node:http";

export const ABOUT = `JSON in and out; names are camelCase, ids whole numbers, times ISO 8601 in UTC.

**Who you are.** Send the access token of a sign-in as \`Authorization: Bearer …\`. Pages of the site use cookies instead; their writes repeat the cookie \`streamhub_csrf\` in \`X-CSRF-Token\`.

**Refusals** are \`application/problem+json\` (RFC 9457) with a \`code\` that stays, the \`requestId\` that the log knows, and \`errors\` by field where the input is wrong.

**Lists** take \`limit\` and \`cursor\` and answer \`items\` and \`nextCursor\`, which is null on the last page.

**Public reads** carry \`ETag\` and \`Cache-Control\`: send \`If-None-Match\` and be answered 304 while nothing has changed. HEAD works wherever GET does.`;

export const TAGS = [
  { name: "Accounts", description: "Registering, signing in and out, sessions, password and address" },
  { name: "Users", description: "Who is who" },
  { name: "Channels", description: "Places to broadcast from, and their stream keys" },
  { name: "Follows", description: "Which channels one wants to hear of" },
  { name: "Chat", description: "What viewers say to each other, and who keeps order" },
  { name: "Streams", description: "Broadcasts: planned, live and over" },
  { name: "Pictures", description: "Avatars, pictures of channels and covers of streams" },
  { name: "Playback", description: "Who may watch what is private" },
  { name: "Views", description: "Who watches, and for how long" },
  { name: "Statistics", description: "How broadcasts did" },
  { name: "Events", description: "What happens, as it happens" },
  { name: "Restreams", description: "Other services that a channel's broadcasts are sent on to" },
  { name: "Webhooks", description: "Programs that are told what happens on one's channels" },
  { name: "Documents", description: "Terms, privacy, rules and cookies" },
  { name: "Operations", description: "For whoever runs this installation" },
] as const;

export const REASONS: Readonly<Record<string, string | undefined>> = STATUS_CODES;
