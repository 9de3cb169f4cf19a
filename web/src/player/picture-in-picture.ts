/** Picture in picture and other screens, where the browser has them. */
import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";

interface Casting extends HTMLVideoElement {
  webkitShowPlaybackTargetPicker?(): void;
}

export function createPictureInPicture(element: Accessor<HTMLVideoElement | undefined>) {
  const [active, setActive] = createSignal(false);
  const supported = "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
  createEffect(() => {
    const video = element();
    if (video === undefined) return;
    const enter = () => setActive(true);
    const leave = () => setActive(false);
    video.addEventListener("enterpictureinpicture", enter);
    video.addEventListener("leavepictureinpicture", leave);
    onCleanup(() => {
      video.removeEventListener("enterpictureinpicture", enter);
      video.removeEventListener("leavepictureinpicture", leave);
    });
  });
  return {
    supported,
    active,
    async toggle(): Promise<void> {
      try {
        if (document.pictureInPictureElement !== null) await document.exitPictureInPicture();
        else await element()?.requestPictureInPicture();
      } catch {
        // No picture yet, or the browser does not want to.
      }
    },
  };
}

/** AirPlay, or the Remote Playback API: offered only while there is another screen. */
export function createCasting(element: Accessor<HTMLVideoElement | undefined>) {
  const [available, setAvailable] = createSignal(false);
  createEffect(() => {
    const video = element() as Casting | undefined;
    if (video === undefined) return;
    if (video.webkitShowPlaybackTargetPicker !== undefined) {
      const onChange = (event: Event) =>
        setAvailable((event as Event & { availability?: string }).availability === "available");
      video.addEventListener("webkitplaybacktargetavailabilitychanged", onChange);
      onCleanup(() => video.removeEventListener("webkitplaybacktargetavailabilitychanged", onChange));
      return;
    }
    const remote = video.remote as RemotePlayback | undefined;
    if (remote === undefined) return;
    // Rejects where the browser can't look for screens by itself, or the media can't be sent to one.
    remote.watchAvailability(setAvailable).catch(() => setAvailable(false));
    onCleanup(() => void remote.cancelWatchAvailability().catch(() => {}));
  });
  return {
    available,
    choose(): void {
      const video = element() as Casting | undefined;
      if (video?.webkitShowPlaybackTargetPicker !== undefined) video.webkitShowPlaybackTargetPicker();
      else video?.remote?.prompt().catch(() => {});
    },
  };
}
