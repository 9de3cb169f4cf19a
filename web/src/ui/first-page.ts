/** The page that the document was loaded for. Its head names what it needs (page-hints.ts); every later one must fetch that itself. */
const first = location.pathname;

export const isFirstPage = (pathname: string): boolean => pathname === first;
