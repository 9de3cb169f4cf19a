/**
 * The addresses of the site, without any framework: the router builds pages from them and the server answers an unknown one with status 404
 * while it shows the same page. `:name` stands for one path segment.
 */
export const PATHS = { home: "/", watch: "/watch/:slug" } as const;

/** The watch page of a channel. */
export function watchPath(slug: string): string {
  return `/watch/${encodeURIComponent(slug)}`;
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
