import { useLocation } from "@solidjs/router";
import { createEffect, on, onCleanup, type ParentProps } from "solid-js";
import { locale } from "../i18n/locale.ts";

/** Links to the parts of a page. Where they do not fit they scroll, and the one that is open is in the middle: its neighbours say that there are more. */
export function Tabs(props: ParentProps<{ label: string }>) {
  const location = useLocation();
  let nav: HTMLElement | undefined;
  let frame = 0;
  // With the next frame, when the links say which of them is open and are as wide as their words.
  createEffect(
    on([() => location.pathname, locale], () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const open = nav?.querySelector<HTMLElement>("[aria-current=page]");
        if (nav === undefined || open === null || open === undefined) return;
        nav.scrollLeft = open.offsetLeft - nav.offsetLeft - (nav.clientWidth - open.offsetWidth) / 2;
      });
    }),
  );
  onCleanup(() => cancelAnimationFrame(frame));
  return (
    <nav ref={nav} class="tabs" aria-label={props.label}>
      {props.children}
    </nav>
  );
}
