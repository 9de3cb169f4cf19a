/** Counts as a viewer while something plays: opens a viewing session with the first picture, reports now and then, also how it plays, ends it with the page (docs/api.md). */
import { type Accessor, createEffect, on, onCleanup } from "solid-js";
import { sessionFetch } from "../session/session-fetch.ts";
import type { QualityReport } from "./make-quality.ts";

export interface ViewingOptions {
  /** null: nothing to watch. */
  readonly streamId: Accessor<number | null>;
  readonly isPlaying: Accessor<boolean>;
  /** Seconds of the stream that are on the screen; null when that is not known. */
  readonly position: () => number | null;
  /** How it played since this was last asked. */
  readonly takeQuality: () => QualityReport | null;
}

interface Session {
  readonly id: string;
  readonly everyMs: number;
}

const AGAIN_MS = 15_000;
const SOON_MS = 1_000;
const QUALITY_MS = 60_000;

/** Where this page was come from; of use once, for the first session. */
let referrer: string | undefined = document.referrer === "" ? undefined : document.referrer;

export function createViewing({ streamId, isPlaying, position, takeQuality }: ViewingOptions): void {
  createEffect(
    on(streamId, (id) => {
      if (id === null) return;
      let session: Session | null = null;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let over = false;
      /** Whether anything has played since the last report. */
      let played = false;
      let hasBegun = false;
      /** Sessions in a row that the server did not know at their first report. */
      let unknown = 0;
      let qualityAt = performance.now();

      const later = (pause: number) => {
        clearTimeout(timer);
        if (!over) timer = setTimeout(() => void beat(), pause);
      };
      const body = () => {
        const at = position();
        return JSON.stringify({
          playing: played,
          ...(at === null ? {} : { position: Math.max(0, Math.round(at * 10) / 10) }),
        });
      };

      function tellQuality(session: Session): void {
        qualityAt = performance.now();
        const quality = takeQuality();
        if (quality !== null) navigator.sendBeacon(`/api/views/${session.id}/quality`, JSON.stringify(quality));
      }

      async function begin(): Promise<void> {
        const response = await sessionFetch(`/api/streams/${id}/views`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(referrer === undefined ? {} : { referrer }),
        });
        if (!response.ok) throw new Error("no session");
        const { sessionId, heartbeatSeconds } = (await response.json()) as {
          sessionId: string;
          heartbeatSeconds: number;
        };
        referrer = undefined;
        session = { id: sessionId, everyMs: heartbeatSeconds * 1000 };
        if (over) end();
      }

      async function beat(): Promise<void> {
        played = played || isPlaying();
        if (session === null && !played) return later(SOON_MS);
        try {
          if (session === null) await begin();
          else {
            const { status } = await fetch(`/api/views/${session.id}/heartbeat`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: body(),
            });
            // Ended by another tab, or forgotten: this one still watches.
            if (status === 404 || status === 409) session = null;
            unknown = status === 404 ? unknown + 1 : 0;
            // The server does not count this browser, as it takes it for a machine.
            if (unknown > 1) return;
            if (session !== null && performance.now() - qualityAt >= QUALITY_MS) tellQuality(session);
          }
          played = false;
          later(session === null ? SOON_MS : session.everyMs);
        } catch {
          later(AGAIN_MS);
        }
      }

      function end(): void {
        if (session === null) {
          // Without a session it is nobody's, and must not become the next stream's.
          takeQuality();
          return;
        }
        played = played || isPlaying();
        tellQuality(session);
        navigator.sendBeacon(`/api/views/${session.id}/end`, body());
        session = null;
      }

      // The first picture is when watching begins, not the next round.
      createEffect(() => {
        if (!isPlaying()) return;
        played = true;
        if (hasBegun) return;
        hasBegun = true;
        void beat();
      });
      // A page that is put away may come back from the browser's cache, and then goes on with a session of its own.
      const onHide = () => {
        clearTimeout(timer);
        end();
      };
      const onShow = ({ persisted }: PageTransitionEvent) => {
        if (persisted) later(SOON_MS);
      };
      window.addEventListener("pagehide", onHide);
      window.addEventListener("pageshow", onShow);
      onCleanup(() => {
        over = true;
        window.removeEventListener("pagehide", onHide);
        window.removeEventListener("pageshow", onShow);
        onHide();
      });
    }),
  );
}
