import { type Accessor, createEffect } from "solid-js";

/** The tab's title: the page first, because tabs are narrow. */
export function useTitle(title: Accessor<string>): void {
  createEffect(() => {
    document.title = title() === "" ? "StreamHub" : `${title()} · StreamHub`;
  });
}
