import { createSignal, createUniqueId } from "solid-js";
import { formatNumber } from "../i18n/dates.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { obsProfile, settingsFor, UPLOAD } from "./obs-settings.ts";
import { SeveralPictures } from "./several-pictures.tsx";

/** What to set in the encoder for the streamer's connection, and the same as a file. */
export function PictureSettings(props: { server: string; streamKey: string; slug: string }) {
  const [upload, setUpload] = createSignal<number>(UPLOAD.usual);
  const id = createUniqueId();
  const text = () => studioWords().goLive;
  const settings = () => settingsFor(upload());
  const choose = (value: string) => {
    const given = Number(value);
    if (Number.isFinite(given) && given > 0) setUpload(Math.min(Math.max(given, UPLOAD.min), UPLOAD.max));
  };

  function download(): void {
    const url = URL.createObjectURL(new Blob([obsProfile(props, settings())], { type: "application/zip" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `StreamHub-${props.slug}.zip`;
    link.click();
    // The browser has taken it by then.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  return (
    <div class="picture-settings">
      <div class="slider">
        <label for={id}>{text().upload}</label>
        <div class="slider-pair">
          <input
            id={id}
            type="range"
            min={UPLOAD.min}
            max={UPLOAD.max}
            step="0.5"
            value={upload()}
            aria-describedby={`${id}-hint`}
            onInput={(event) => choose(event.currentTarget.value)}
          />
          <output for={id}>{formatNumber(upload(), 1)}</output>
        </div>
        <p class="field-hint" id={`${id}-hint`}>
          {text().uploadHint}
        </p>
      </div>
      <dl class="settings-list" aria-live="polite">
        <div>
          <dt>{text().resolution}</dt>
          <dd>
            {settings().width}×{settings().height}
          </dd>
        </div>
        <div>
          <dt>{text().fps}</dt>
          <dd>{settings().fps}</dd>
        </div>
        <div>
          <dt>{text().bitrate}</dt>
          <dd>{text().kbps(formatNumber(settings().videoKbps))}</dd>
        </div>
        <div>
          <dt>{text().control}</dt>
          <dd>CBR</dd>
        </div>
        <div>
          <dt>{text().keyframe}</dt>
          <dd>{text().seconds(formatNumber(settings().keyframeSeconds))}</dd>
        </div>
        <div>
          <dt>{text().audio}</dt>
          <dd>{text().kbps(formatNumber(settings().audioKbps))}</dd>
        </div>
      </dl>
      <p class="field-hint">{text().advanced}</p>
      <button type="button" class="button button-quiet" disabled={props.streamKey === ""} onClick={download}>
        {text().profile}
      </button>
      <p class="field-hint">{text().profileHint}</p>
      <SeveralPictures streamKey={props.streamKey} upload={upload()} settings={settings()} />
    </div>
  );
}
