/**
 * The addresses of the site, without any framework: the router builds pages from them and the server answers an unknown one with status 404
 * while it shows the same page. `:name` stands for one path segment.
 */
export const PATHS = {
  home: "/",
  watch: "/watch/:slug",
  stream: "/v/:id",
  search: "/search",
  register: "/register",
  login: "/login",
  forgotten: "/forgotten",
  reset: "/reset",
  settings: "/settings",
  document: "/documents/:slug",
  user: "/users/:id",
  studio: "/studio",
  newChannel: "/new-channel",
  channelStudio: "/studio/:slug",
  goLive: "/studio/:slug/go-live",
  channelStreams: "/studio/:slug/streams",
  channelStatistics: "/studio/:slug/statistics",
  channelSettings: "/studio/:slug/settings",
  admin: "/admin",
  adminUsers: "/admin/users",
  adminChannels: "/admin/channels",
  adminDocuments: "/admin/documents",
  adminDocument: "/admin/documents/:slug",
  adminAudit: "/admin/audit",
} as const;

/** The watch page of a channel. */
export function watchPath(slug: string): string {
  return `/watch/${encodeURIComponent(slug)}`;
}

/** The Atom feed of a channel's broadcasts; no page of the router. */
export const feedPath = (slug: string): string => `${watchPath(slug)}/feed.xml`;

/** The page of a broadcast that is over. */
export const streamPath = (id: number): string => `/v/${id}`;

/** Plays in other people's pages; a document of its own, not a page of the router. */
export const embedPath = (slug: string): string => `/embed/${encodeURIComponent(slug)}`;

export const searchPath = (text: string): string => `${PATHS.search}?q=${encodeURIComponent(text)}`;

const filled = (pattern: string, part: string) => pattern.replace(/:\w+/, encodeURIComponent(part));

/** The pages of a channel's owner. */
export const studioPath = (slug: string): string => filled(PATHS.channelStudio, slug);
export const goLivePath = (slug: string): string => filled(PATHS.goLive, slug);
export const channelStreamsPath = (slug: string): string => filled(PATHS.channelStreams, slug);
export const channelStatisticsPath = (slug: string): string => filled(PATHS.channelStatistics, slug);
export const channelSettingsPath = (slug: string): string => filled(PATHS.channelSettings, slug);

export const userPath = (id: number): string => filled(PATHS.user, String(id));
export const documentPath = (slug: string): string => filled(PATHS.document, slug);
export const adminDocumentPath = (slug: string): string => filled(PATHS.adminDocument, slug);

/** The page for signing in (or making an account), which leads back to where its reader came from. */
export function entrancePath(page: "login" | "register", next: string): string {
  return next === PATHS.home || next === "" ? PATHS[page] : `${PATHS[page]}?next=${encodeURIComponent(next)}`;
}

/** Where to go after signing in. The address may come from anywhere, so it leads nowhere but to a page of this site. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return PATHS.home;
  const { pathname, search, hash } = new URL(next, "http://here");
  return isPage(pathname) ? pathname + search + hash : PATHS.home;
}

/** Whether the site has a page at this path. A trailing slash is not another page. */
export function isPage(pathname: string): boolean {
  const given = pathname.replace(/(?<=.)\/$/, "").split("/");
  return Object.values(PATHS).some((pattern) => {
    const wanted = pattern.split("/");
    return (
      wanted.length === given.length &&
      wanted.every((segment, index) => (segment.startsWith(":") ? given[index] !== "" : segment === given[index]))
    );
  });
}
