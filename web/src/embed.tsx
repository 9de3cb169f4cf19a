/** The player for other people's pages: a document of its own, without router, search or account. */
import { render } from "solid-js/web";
import { EmbeddedPlayer } from "./player/embedded-player.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/pieces.css";
import "./styles/embed.css";

const root = document.getElementById("root");
if (root === null) throw new Error("embed.html has no #root");

const slug = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const stream = Number(new URLSearchParams(location.search).get("stream") ?? Number.NaN);

render(
  () => <EmbeddedPlayer slug={slug} streamId={Number.isSafeInteger(stream) && stream > 0 ? stream : null} />,
  root,
);
