/** Lets the reader choose the part of a picture: by dragging, with the arrow keys, and with a slider. What the frame shows is what is sent. */
import { createEffect, createSignal, onCleanup } from "solid-js";
import { type Crop, MAX_ZOOM, moved, partOf, zoomed } from "../account/crop.ts";
import { accountWords } from "../i18n/account-words.ts";
import { Dialog } from "./dialog.tsx";

const STEP = 0.05;
const STEPS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads a picture that somebody chose, or says why it can't be. */
export async function readPicture(file: File): Promise<{ picture: ImageBitmap } | { problem: string }> {
  if (file.size > MAX_BYTES) return { problem: accountWords().settings.pictureTooLarge };
  try {
    return { picture: await createImageBitmap(file) };
  } catch {
    return { problem: accountWords().settings.pictureUnreadable };
  }
}

/** `width`, `height`: of the picture that comes out, in pixels. */
export function PictureCrop(props: {
  picture: ImageBitmap | null;
  width: number;
  height: number;
  round?: boolean;
  onCancel: () => void;
  onDone: (picture: Blob) => void;
}) {
  return (
    <Dialog open={props.picture !== null} title={accountWords().settings.crop} onClose={props.onCancel}>
      <Cropper {...props} picture={props.picture as ImageBitmap} />
    </Dialog>
  );
}

function Cropper(props: {
  picture: ImageBitmap;
  width: number;
  height: number;
  round?: boolean;
  onCancel: () => void;
  onDone: (picture: Blob) => void;
}) {
  const [crop, setCrop] = createSignal<Crop>({ x: 0.5, y: 0.5, zoom: 1 });
  const aspect = () => props.width / props.height;
  const text = () => accountWords().settings;
  let canvas: HTMLCanvasElement | undefined;
  let from: { x: number; y: number } | null = null;

  createEffect(() => {
    const { left, top, width, height } = partOf(crop(), props.picture, aspect());
    const context = canvas?.getContext("2d");
    context?.clearRect(0, 0, props.width, props.height);
    context?.drawImage(props.picture, left, top, width, height, 0, 0, props.width, props.height);
  });
  onCleanup(() => props.picture.close());

  const move = (dx: number, dy: number) => setCrop((now) => moved(now, props.picture, aspect(), dx, dy));

  function onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(...step);
  }

  return (
    <>
      <p class="field-hint" id="crop-help">
        {text().cropHelp}
      </p>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrow keys move it, as a screen reader must know */}
      <canvas
        ref={canvas}
        class="crop"
        classList={{ "crop-round": props.round === true }}
        width={props.width}
        height={props.height}
        tabindex="0"
        role="application"
        aria-label={text().crop}
        aria-describedby="crop-help"
        onKeyDown={onKey}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          if (from === null) return;
          const { width, height } = event.currentTarget.getBoundingClientRect();
          move((from.x - event.clientX) / width, (from.y - event.clientY) / height);
          from = { x: event.clientX, y: event.clientY };
        }}
        onPointerUp={() => {
          from = null;
        }}
        onPointerCancel={() => {
          from = null;
        }}
      />
      <label class="slider">
        <span>{text().zoom}</span>
        <input
          type="range"
          min="1"
          max={String(MAX_ZOOM)}
          step="0.05"
          value={crop().zoom}
          onInput={(event) => setCrop(zoomed(crop(), Number(event.currentTarget.value)))}
        />
      </label>
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => canvas?.toBlob((blob) => blob !== null && props.onDone(blob), "image/webp", 0.92)}
        >
          {text().usePicture}
        </button>
        <button type="button" class="button button-quiet" onClick={props.onCancel}>
          {text().cancel}
        </button>
      </div>
    </>
  );
}

/** A button that opens the browser's file chooser. */
export function PictureButton(props: { label: string; onFile: (file: File) => void }) {
  let input: HTMLInputElement | undefined;
  return (
    <>
      <button type="button" class="button button-quiet" onClick={() => input?.click()}>
        {props.label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept="image/jpeg,image/png,image/webp,image/avif,image/gif"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file !== undefined) props.onFile(file);
        }}
      />
    </>
  );
}
