/**
 * Who may do what: every route × {anyone, another user, the owner, a moderator, an administrator} × what it is asked about. The table says the status of
 * each; a route that is not in it fails. Every cell that may change something has objects and accounts of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createECDH, randomBytes } from "node:crypto";
import sharp from "sharp";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../test/platform.ts";

const ACTORS = ["anyone", "other", "owner", "moderator", "admin"] as const;
type ActorName = (typeof ACTORS)[number];

/** Of which kind the object in the path is; `open`: anyone may know that it exists. */
type Variant = "open" | "private" | "unknown";

interface Scene {
  readonly owner: TestUser;
  /** Null: without credentials. */
  readonly actor: TestUser | null;
  readonly actorName: ActorName;
  /** What stands for the object in the path; what does not exist is 2147483647 or its like. */
  readonly id: string | number;
}

interface Rule {
  /** What the object is; each makes its own. */
  readonly object?: (scene: Omit<Scene, "id">, variant: Variant) => Promise<string | number>;
  readonly body?: (scene: Scene) => unknown;
  readonly query?: (scene: Scene) => string;
  /** In a path with two parameters. */
  readonly path?: (scene: Scene) => string;
  /** By variant, in the order of ACTORS. */
  readonly statuses: Partial<Record<Variant, string>>;
}

let platform: TestPlatform;
let picture: Uint8Array;
const people = new Map<ActorName, TestUser>();
let names = 0;

beforeAll(async () => {
  platform = await startPlatform();
  picture = new Uint8Array(
    await sharp({ create: { width: 64, height: 64, channels: 3, background: "#c22" } })
      .png()
      .toBuffer(),
  );
  for (const name of ACTORS) if (name !== "anyone") people.set(name, await newPerson(name));
}, 60_000);
afterAll(() => platform?.close());

function newPerson(name: ActorName): Promise<TestUser> {
  const role = name === "moderator" || name === "admin" ? name : "user";
  return platform.makeUser({ username: `${name}-${++names}`, role });
}

const UNKNOWN = 2_147_483_647;
const visibilityOf = (variant: Variant) => (variant === "private" ? "private" : "public");
const makeChannel = (owner: TestUser, variant: Variant) =>
  platform.makeChannel(`channel-${++names}`, { owner, visibility: visibilityOf(variant) });

const channel: Rule["object"] = async ({ owner }, variant) =>
  variant === "unknown" ? UNKNOWN : (await makeChannel(owner, variant)).id;

/** Its name instead of its id. */
const named: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return "nobody-has-this-name";
  const slug = `channel-${++names}`;
  await platform.makeChannel(slug, { owner, visibility: visibilityOf(variant) });
  return slug;
};

const liveStream: Rule["object"] = async ({ owner }, variant) =>
  variant === "unknown" ? UNKNOWN : (await makeChannel(owner, variant)).goLive();

/** On a channel of that kind; a time is what makes others see it. */
const plannedStream: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return UNKNOWN;
  const { id } = await makeChannel(owner, variant);
  const [row] = await platform.database.sql<{ id: number }[]>`
    insert into streams (channel_id, title, scheduled_for) values (${id}, 'Planned', now() + interval '1 day') returning id`;
  return row!.id;
};
/** Nobody but its owner knows of it. */
const draft: Rule["object"] = async ({ owner }, variant) => {
  if (variant !== "private") return plannedStream({ owner, actor: null, actorName: "anyone" }, variant);
  const { id } = await makeChannel(owner, "open");
  const [row] = await platform.database.sql<{ id: number }[]>`
    insert into streams (channel_id, title) values (${id}, 'Draft') returning id`;
  return row!.id;
};

/** `private`: an account that is put to rest. */
const account: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return UNKNOWN;
  if (variant === "open") return owner.id;
  const resting = await newPerson("other");
  await platform.database.sql`update users set is_active = false where id = ${resting.id}`;
  return resting.id;
};

const session: Rule["object"] = async ({ owner }, variant) => (variant === "unknown" ? UNKNOWN : owner.sessionId);
const apiToken: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return UNKNOWN;
  const response = await owner.request("POST", "/api/auth/tokens", { name: "a program", scope: "read" });
  return ((await response.json()) as { id: number }).id;
};
const webhook: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return UNKNOWN;
  const body = { url: "https://hooks.example.org/streamhub", events: ["stream.started"] };
  return ((await (await owner.request("POST", "/api/webhooks", body)).json()) as { id: number }).id;
};
/** Of a webhook: the path from its id on. */
const webhookMessage: Rule["object"] = async (scene, variant) => {
  const id = await webhook(scene, variant);
  if (variant === "unknown") return `${UNKNOWN}/deliveries/${UNKNOWN}`;
  const sent = await scene.owner.request("POST", `/api/webhooks/${id}/test`);
  return `${id}/deliveries/${((await sent.json()) as { id: number }).id}`;
};
const restreamBody = () => ({ name: "Elsewhere", url: "rtmp://push.example.org/app", key: "k" });
/** On a channel of that kind: the path from its id on. */
const restream: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return `${UNKNOWN}/restreams/${UNKNOWN}`;
  const { id } = await makeChannel(owner, variant);
  const made = await owner.request("POST", `/api/channels/${id}/restreams`, restreamBody());
  return `${id}/restreams/${((await made.json()) as { id: number }).id}`;
};
const view: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return "AAAAAAAAAAAAAAAAAAAAAA";
  const stream = await (await makeChannel(owner, "open")).goLive();
  const headers = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
    "x-test-address": `198.51.100.${names % 250}`,
  };
  const response = await platform.request("POST", `/api/streams/${stream}/views`, {}, headers);
  return ((await response.json()) as { sessionId: string }).sessionId;
};
/** In a chat of that kind of channel: the path from its id on. */
const chatMessage: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return `${UNKNOWN}/chat/messages/${UNKNOWN}`;
  const { id } = await makeChannel(owner, variant);
  const said = await owner.request("POST", `/api/channels/${id}/chat/messages`, { text: "Hello" });
  return `${id}/chat/messages/${((await said.json()) as { id: number }).id}`;
};
const chatPerson =
  (list: "bans" | "moderators"): NonNullable<Rule["object"]> =>
  async ({ owner }, variant) => {
    const person = variant === "unknown" ? UNKNOWN : (await newPerson("other")).id;
    return `${variant === "unknown" ? UNKNOWN : (await makeChannel(owner, variant)).id}/chat/${list}/${person}`;
  };
const termsOf: Rule["object"] = async (_, variant) => (variant === "unknown" ? "nothing-of-this-name" : "terms");
const upload: Rule["object"] = async ({ owner }, variant) => {
  if (variant === "unknown") return "nothing.webp";
  await owner.request("PUT", `/api/users/${owner.id}/avatar`, picture, { "content-type": "image/png" });
  const [row] = await platform.database.sql<
    { url: string }[]
  >`select avatar_url as url from users where id = ${owner.id}`;
  return row!.url.replace("/uploads/", "");
};

/** As a browser makes them. */
function browserKeys() {
  const pair = createECDH("prime256v1");
  return { p256dh: pair.generateKeys("base64url"), auth: randomBytes(16).toString("base64url") };
}

const title = () => ({ title: "A title" });
const image = () => picture;
const password = () => ({ password: TEST_PASSWORD });

const READ = { open: "200 200 200 200 200", private: "404 404 200 404 200", unknown: "404 404 404 404 404" };
const MANAGE = { open: "401 403 200 403 200", private: "401 404 200 404 200", unknown: "401 404 404 404 404" };
const REMOVE = { open: "401 403 204 403 204", private: "401 404 204 404 204", unknown: "401 404 404 404 404" };
const KEEP_ORDER = { open: "401 403 200 200 200", private: "401 404 200 404 200", unknown: "401 404 404 404 404" };
const PUBLIC = { open: "200 200 200 200 200" };
const SIGNED_IN = { open: "401 200 200 200 200" };
/** Nobody else's, whatever their role; not even that it exists is told. */
const OWN = { open: "401 404 200 404 404", unknown: "401 404 404 404 404" };
const OWN_LATER = { open: "401 404 202 404 404", unknown: "401 404 404 404 404" };
const BY_NAME = { open: "200 200 200 200 200", unknown: "404 404 404 404 404" };

const RULES: Readonly<Record<string, Rule>> = {
  "GET /api/openapi": { statuses: PUBLIC },
  "GET /api/openapi/page.css": { statuses: PUBLIC },
  "GET /api/health": { statuses: PUBLIC },
  "GET /api/ready": { statuses: PUBLIC },
  "GET /api/site": { statuses: PUBLIC },
  // Feed readers are nobody in particular, whoever's session they bring.
  "GET /watch/:slug/feed.xml": {
    object: named,
    statuses: { open: PUBLIC.open, private: "404 404 404 404 404", unknown: "404 404 404 404 404" },
  },
  // Asked by other sites' servers, whoever reads them.
  "GET /api/oembed": {
    object: named,
    query: ({ id }) => `?url=http://localhost/watch/${id}`,
    statuses: { open: PUBLIC.open, private: "404 404 404 404 404", unknown: "404 404 404 404 404" },
  },
  // The stream key in the body says who asks, whoever's session is beside it; refusals are words for OBS.
  "POST /api/obs/client-configuration": {
    body: () => ({
      schema_version: "2025-01-25",
      authentication: "no-such-key",
      preferences: { width: 1280, height: 720, framerate: { numerator: 30, denominator: 1 } },
    }),
    statuses: PUBLIC,
  },
  "POST /api/auth/register": {
    body: () => ({ username: `newcomer-${++names}`, email: `newcomer-${names}@example.org`, password: TEST_PASSWORD }),
    statuses: { open: "201 201 201 201 201" },
  },
  "POST /api/auth/login": {
    body: ({ owner }) => ({ login: owner.username, password: TEST_PASSWORD }),
    statuses: PUBLIC,
  },
  "POST /api/auth/refresh": { body: ({ owner }) => ({ refreshToken: owner.refreshToken }), statuses: PUBLIC },
  "POST /api/auth/logout": { statuses: { open: "204 204 204 204 204" } },
  "GET /api/auth/me": { statuses: SIGNED_IN },
  "GET /api/auth/sessions": { statuses: SIGNED_IN },
  // Not even that it exists is told of another's.
  "DELETE /api/auth/sessions/:id": {
    object: session,
    statuses: { open: "401 404 204 404 404", unknown: "401 404 404 404 404" },
  },
  "GET /api/auth/tokens": { statuses: SIGNED_IN },
  "POST /api/auth/tokens": {
    body: () => ({ name: "a program", scope: "channels" }),
    statuses: { open: "401 201 201 201 201" },
  },
  "POST /api/auth/tokens (to administer)": {
    body: () => ({ name: "a program", scope: "admin" }),
    statuses: { open: "401 403 403 403 201" },
  },
  "DELETE /api/auth/tokens/:id": {
    object: apiToken,
    statuses: { open: "401 404 204 404 404", unknown: "401 404 404 404 404" },
  },
  "GET /api/webhooks": { statuses: SIGNED_IN },
  "POST /api/webhooks": {
    body: () => ({ url: "https://hooks.example.org/streamhub", events: ["stream.started"] }),
    statuses: { open: "401 201 201 201 201" },
  },
  "GET /api/webhooks/:id": { object: webhook, statuses: OWN },
  "PATCH /api/webhooks/:id": { object: webhook, body: () => ({ isActive: false }), statuses: OWN },
  "DELETE /api/webhooks/:id": {
    object: webhook,
    statuses: { open: "401 404 204 404 404", unknown: "401 404 404 404 404" },
  },
  "POST /api/webhooks/:id/rotate": { object: webhook, statuses: OWN },
  "POST /api/webhooks/:id/test": { object: webhook, statuses: OWN_LATER },
  "GET /api/webhooks/:id/deliveries": { object: webhook, statuses: OWN },
  "POST /api/webhooks/:id/deliveries/:deliveryId/redeliver": {
    object: webhookMessage,
    path: ({ id }) => `/api/webhooks/${id}/redeliver`,
    statuses: OWN_LATER,
  },
  // Without a mail server; a link that is none is refused to everyone.
  "POST /api/auth/password/forgotten": {
    body: ({ owner }) => ({ login: owner.username }),
    statuses: { open: "409 409 409 409 409" },
  },
  "POST /api/auth/password/reset": {
    body: () => ({ token: "none", password: "another long password, 17" }),
    statuses: { open: "403 403 403 403 403" },
  },
  "POST /api/auth/logout-all": { statuses: { open: "401 204 204 204 204" } },
  "PUT /api/auth/password": {
    body: () => ({ currentPassword: TEST_PASSWORD, newPassword: "another long password, 17" }),
    statuses: { open: "401 204 204 204 204" },
  },
  "PUT /api/auth/email": {
    body: () => ({ email: `moved-${++names}@example.org`, password: TEST_PASSWORD }),
    statuses: SIGNED_IN,
  },

  "GET /api/channels": { statuses: PUBLIC },
  "POST /api/channels": { body: title, statuses: { open: "401 201 201 201 201" } },
  "GET /api/channels/:id": { object: channel, statuses: READ },
  "PUT /api/channels/:id": { object: channel, body: title, statuses: MANAGE },
  "DELETE /api/channels/:id": { object: channel, statuses: REMOVE },
  "GET /api/channels/:id/stream-key": { object: channel, statuses: MANAGE },
  "POST /api/channels/:id/regenerate-stream-key": { object: channel, statuses: MANAGE },
  "PUT /api/channels/:id/thumbnail": { object: channel, body: image, statuses: MANAGE },
  "DELETE /api/channels/:id/thumbnail": { object: channel, statuses: REMOVE },

  "GET /api/channels/:id/restreams": { object: channel, statuses: MANAGE },
  "POST /api/channels/:id/restreams": {
    object: channel,
    body: restreamBody,
    statuses: { open: "401 403 201 403 201", private: "401 404 201 404 201", unknown: "401 404 404 404 404" },
  },
  "PATCH /api/channels/:id/restreams/:restreamId": {
    object: restream,
    path: ({ id }) => `/api/channels/${id}`,
    body: () => ({ isActive: false }),
    statuses: MANAGE,
  },
  "DELETE /api/channels/:id/restreams/:restreamId": {
    object: restream,
    path: ({ id }) => `/api/channels/${id}`,
    statuses: REMOVE,
  },

  "GET /api/follows": { statuses: SIGNED_IN },
  "GET /api/follows/ids": { statuses: SIGNED_IN },
  "GET /api/notices": { statuses: SIGNED_IN },
  "PUT /api/notices/push": {
    body: () => ({ endpoint: `https://push.example.org/${++names}`, keys: browserKeys(), locale: "en" }),
    statuses: { open: "401 204 204 204 204" },
  },
  "DELETE /api/notices/push": { statuses: { open: "401 204 204 204 204" } },
  "PUT /api/notices/mail": { body: () => ({ locale: "en" }), statuses: { open: "401 409 409 409 409" } },
  "DELETE /api/notices/mail": { statuses: { open: "401 204 204 204 204" } },
  "POST /api/notices/mail/off": {
    query: () => "?user=1&proof=none",
    statuses: { open: "403 403 403 403 403" },
  },
  "PUT /api/channels/:id/follow": {
    object: channel,
    statuses: { open: "401 204 204 204 204", private: "401 404 204 404 204", unknown: "401 404 404 404 404" },
  },
  // What is not followed stays so, whether or not there is such a channel.
  "DELETE /api/channels/:id/follow": {
    object: channel,
    statuses: { open: "401 204 204 204 204", private: "401 204 204 204 204", unknown: "401 204 204 204 204" },
  },

  "GET /api/channels/:id/chat": { object: channel, statuses: READ },
  "PUT /api/channels/:id/chat": { object: channel, body: () => ({ slowSeconds: 5 }), statuses: KEEP_ORDER },
  "GET /api/channels/:id/chat/messages": { object: channel, statuses: READ },
  "POST /api/channels/:id/chat/messages": {
    object: channel,
    body: () => ({ text: "Hello" }),
    statuses: { open: "401 201 201 201 201", private: "401 404 201 404 201", unknown: "401 404 404 404 404" },
  },
  "DELETE /api/channels/:id/chat/messages/:messageId": {
    object: chatMessage,
    path: ({ id }) => `/api/channels/${id}`,
    statuses: { open: "401 404 204 204 204", private: "401 404 204 404 204", unknown: "401 404 404 404 404" },
  },
  "GET /api/channels/:id/chat/bans": { object: channel, statuses: KEEP_ORDER },
  "PUT /api/channels/:id/chat/bans/:userId": {
    object: chatPerson("bans"),
    path: ({ id }) => `/api/channels/${id}`,
    body: () => ({ seconds: 600 }),
    statuses: { open: "401 403 204 204 204", private: "401 404 204 404 204", unknown: "401 404 404 404 404" },
  },
  "DELETE /api/channels/:id/chat/bans/:userId": {
    object: chatPerson("bans"),
    path: ({ id }) => `/api/channels/${id}`,
    statuses: { open: "401 403 204 204 204", private: "401 404 204 404 204", unknown: "401 404 404 404 404" },
  },
  "GET /api/channels/:id/chat/moderators": { object: channel, statuses: MANAGE },
  "PUT /api/channels/:id/chat/moderators/:userId": {
    object: chatPerson("moderators"),
    path: ({ id }) => `/api/channels/${id}`,
    statuses: REMOVE,
  },
  "DELETE /api/channels/:id/chat/moderators/:userId": {
    object: chatPerson("moderators"),
    path: ({ id }) => `/api/channels/${id}`,
    statuses: REMOVE,
  },

  "GET /api/streams": { statuses: PUBLIC },
  "GET /api/streams/:id/chat": { object: liveStream, statuses: READ },
  "GET /api/streams/:id": { object: liveStream, statuses: READ },
  "GET /api/streams/:id (planned)": { object: draft, statuses: READ },
  "GET /api/streams/:id/status": { object: liveStream, statuses: READ },
  "GET /api/streams/:id/health": { object: liveStream, statuses: MANAGE },
  "POST /api/streams/:id": {
    object: channel,
    body: title,
    statuses: { open: "401 403 201 403 201", private: "401 404 201 404 201", unknown: "401 404 404 404 404" },
  },
  "PUT /api/streams/:id": { object: liveStream, body: title, statuses: MANAGE },
  "PUT /api/streams/:id (planned)": { object: draft, body: title, statuses: MANAGE },
  "POST /api/streams/:id/start": { object: draft, statuses: MANAGE },
  "POST /api/streams/:id/stop": { object: liveStream, statuses: MANAGE },
  "DELETE /api/streams/:id": { object: liveStream, statuses: REMOVE },
  "DELETE /api/streams/:id (planned)": { object: draft, statuses: REMOVE },
  "PUT /api/streams/:id/cover": { object: liveStream, body: image, statuses: MANAGE },
  "DELETE /api/streams/:id/cover": { object: liveStream, statuses: REMOVE },

  // Whoever may see it may watch it.
  "POST /api/channels/:id/playback-token": { object: channel, body: () => ({}), statuses: READ },
  "POST /api/streams/:id/playback-token": { object: liveStream, body: () => ({}), statuses: READ },
  "POST /api/streams/:id/views": {
    object: liveStream,
    body: () => ({}),
    statuses: { open: "201 201 201 201 201", private: "404 404 201 404 201", unknown: "404 404 404 404 404" },
  },
  // Whoever knows the random id of a viewing session speaks for it.
  "POST /api/views/:sessionId/heartbeat": {
    object: view,
    statuses: { open: "204 204 204 204 204", unknown: "404 404 404 404 404" },
  },
  "POST /api/views/:sessionId/quality": {
    object: view,
    body: () => ({
      player: "hls",
      playedMs: 0,
      stalledMs: 0,
      stalls: 0,
      switches: 0,
      frames: 0,
      dropped: 0,
      errors: 0,
    }),
    statuses: { open: "204 204 204 204 204", unknown: "404 404 404 404 404" },
  },
  "POST /api/views/:sessionId/end": {
    object: view,
    statuses: { open: "204 204 204 204 204", unknown: "404 404 404 404 404" },
  },

  "GET /api/audit": { statuses: { open: "401 403 403 403 200" } },

  "GET /api/users": { statuses: { open: "401 403 403 403 200" } },
  "GET /api/users/:id": {
    object: account,
    statuses: { open: "200 200 200 200 200", private: "404 404 404 404 200", unknown: "404 404 404 404 404" },
  },
  "GET /api/users/:id/channels": {
    object: account,
    statuses: { open: "200 200 200 200 200", private: "404 404 404 404 200", unknown: "404 404 404 404 404" },
  },
  "PUT /api/users/:id": {
    object: account,
    body: () => ({ fullName: "A name" }),
    statuses: { open: "401 403 200 403 200", private: "401 404 404 404 200", unknown: "401 404 404 404 404" },
  },
  "POST /api/users/:id/deactivate": {
    object: account,
    body: password,
    statuses: { open: "401 403 204 403 204", private: "401 404 404 404 204", unknown: "401 404 404 404 404" },
  },
  "DELETE /api/users/:id": {
    object: account,
    body: password,
    statuses: { open: "401 403 204 403 204", private: "401 404 404 404 204", unknown: "401 404 404 404 404" },
  },
  "PUT /api/users/:id/avatar": {
    object: account,
    body: image,
    statuses: { open: "401 403 200 403 200", private: "401 404 404 404 200", unknown: "401 404 404 404 404" },
  },
  "DELETE /api/users/:id/avatar": {
    object: account,
    statuses: { open: "401 403 204 403 204", private: "401 404 404 404 204", unknown: "401 404 404 404 404" },
  },
  "GET /uploads/:name": { object: upload, statuses: BY_NAME },

  "GET /api/statistics/channel/:id": { object: channel, statuses: MANAGE },
  "GET /api/statistics/channel/:id/daily": { object: channel, statuses: MANAGE },
  "GET /api/statistics/channel/:id/top-streams": { object: channel, statuses: MANAGE },
  "GET /api/statistics/user/:id/overview": {
    object: account,
    statuses: { open: "401 403 200 403 200", private: "401 404 404 404 200", unknown: "401 404 404 404 404" },
  },
  "GET /api/statistics/stream/:id": { object: liveStream, statuses: MANAGE },
  "GET /api/statistics/stream/:id/quality": { object: liveStream, statuses: MANAGE },
  "GET /api/statistics/stream/:id/timeline": { object: liveStream, statuses: MANAGE },
  "GET /api/statistics/stream/:id/retention": { object: liveStream, statuses: MANAGE },

  "GET /api/documents": { statuses: PUBLIC },
  "GET /api/documents/:slug": { object: termsOf, statuses: BY_NAME },
  "GET /api/documents/:slug/versions": { object: termsOf, statuses: BY_NAME },
  "GET /api/documents/:slug/versions/:version": {
    object: termsOf,
    path: ({ id }) => `/api/documents/${id}/versions/1`,
    statuses: BY_NAME,
  },
  "PUT /api/documents/:slug": {
    object: termsOf,
    query: () => "?locale=en",
    body: () => ({ title: "A title", body: "Words" }),
    statuses: { open: "401 403 403 403 200" },
  },
  "GET /api/documents/acceptances": { statuses: SIGNED_IN },
  "POST /api/documents/preview": { body: () => ({ body: "# Rules" }), statuses: { open: "401 403 403 403 200" } },
  "POST /api/documents/acceptances": {
    body: () => ({ documents: [{ slug: "terms", locale: "ru", version: 1 }] }),
    statuses: SIGNED_IN,
  },

  "GET /api/events": { query: () => "?topics=streams", statuses: PUBLIC },
  "GET /api/events (a channel)": { object: channel, query: ({ id }) => `?topics=channel:${id}`, statuses: READ },
  "GET /api/events (for its owner)": {
    object: liveStream,
    query: ({ id }) => `?topics=owner:${id}`,
    statuses: { ...MANAGE, private: READ.private, unknown: READ.unknown },
  },
};

async function sceneOf(rule: Rule, actorName: ActorName, variant: Variant, changes: boolean): Promise<Scene> {
  const person = async (name: ActorName) => (changes ? newPerson(name) : people.get(name)!);
  const owner = await person("owner");
  const actor = actorName === "anyone" ? null : actorName === "owner" ? owner : await person(actorName);
  const scene = { owner, actor, actorName };
  return { ...scene, id: (await rule.object?.(scene, variant)) ?? "" };
}

async function ask(method: string, path: string, rule: Rule, scene: Scene): Promise<number> {
  const address = rule.path?.(scene) ?? path.replace(/:\w+/, String(scene.id));
  const body = rule.body?.(scene);
  const type = body instanceof Uint8Array ? { "content-type": "image/png" } : {};
  const headers = { ...type, ...scene.actor?.headers };
  const response = await platform.request(method, `${address}${rule.query?.(scene) ?? ""}`, body, headers);
  // A feed goes on for ever.
  await response.body?.cancel();
  return response.status;
}

const routes = () =>
  platform.app.routes
    .filter(({ method }) => method !== "OPTIONS" && method !== "HEAD")
    .map(({ method, path }) => `${method} ${path.replace(/(?<=.)\/$/, "")}`);

/** Some are there twice: words in brackets say about what. */
const routeOf = (name: string) => name.replace(/ \(.*\)$/, "");

test("every route is in the table, and the table has no other", () => {
  const known = new Set(Object.keys(RULES).map(routeOf));
  expect(routes().filter((route) => !known.has(route))).toEqual([]);
  expect([...known].filter((route) => !routes().includes(route))).toEqual([]);
});

describe("who may do what", () => {
  for (const [name, rule] of Object.entries(RULES)) {
    const [method = "", path = ""] = routeOf(name).split(" ");
    for (const [variant, statuses] of Object.entries(rule.statuses) as [Variant, string][])
      test(`${name}${rule.object === undefined ? "" : `, ${variant}`}: ${statuses}`, async () => {
        const found: number[] = [];
        for (const actorName of ACTORS)
          found.push(await ask(method, path, rule, await sceneOf(rule, actorName, variant, method !== "GET")));
        expect(found.join(" ")).toBe(statuses);
      });
  }
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
