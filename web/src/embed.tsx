/** The player for other people's pages: a document of its own, without router, search or account. */
import { render } from "solid-js/web";
import { EmbeddedPlayer } from "./player/embedded-player.tsx";
import { EmbeddedPrivate } from "./player/embedded-private.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/pieces.css";
import "./styles/embed.css";

const root = document.getElementById("root");
if (root === null) throw new Error("embed.html has no #root");

const slug = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const query = new URLSearchParams(location.search);
const stream = Number(query.get("stream") ?? Number.NaN);
const token = query.get("token") ?? "";

render(
  () =>
    token === "" ? (
      <EmbeddedPlayer slug={slug} streamId={Number.isSafeInteger(stream) && stream > 0 ? stream : null} />
    ) : (
      <EmbeddedPrivate slug={slug} token={token} />
    ),
  root,
);
