import { type Component, lazy, Suspense } from "solid-js";
import { PageSkeleton } from "../session/members-only.tsx";

/** A page whose code is fetched when somebody goes there; until then its place is kept. */
export function lazyPage(load: () => Promise<Component>): Component {
  const Page = lazy(async () => ({ default: await load() }));
  return () => (
    <Suspense fallback={<PageSkeleton />}>
      <Page />
    </Suspense>
  );
}
