import { Route, Router } from "@solidjs/router";
import { lazy } from "solid-js";
import { render } from "solid-js/web";
import { Home } from "./pages/home.tsx";
import { Missing } from "./pages/missing.tsx";
import { PATHS } from "./paths.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/pieces.css";
import "./styles/home.css";
import "./styles/search.css";
import { Frame } from "./ui/frame.tsx";

const Watch = lazy(async () => ({ default: (await import("./pages/watch.tsx")).Watch }));

const Search = lazy(async () => ({ default: (await import("./pages/search.tsx")).Search }));

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

render(
  () => (
    <Router root={Frame}>
      <Route path={PATHS.home} component={Home} />
      <Route path={PATHS.watch} component={Watch} />
      <Route path={PATHS.search} component={Search} />
      <Route path="*" component={Missing} />
    </Router>
  ),
  root,
);
