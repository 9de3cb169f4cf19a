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
import "./styles/account.css";
import "./styles/search.css";
import { breathe } from "./ui/breathe.ts";
import { Frame } from "./ui/frame.tsx";
import { lazyPage } from "./ui/lazy-page.tsx";

const Watch = lazy(async () => ({ default: (await import("./pages/watch.tsx")).Watch }));
const Past = lazy(async () => ({ default: (await import("./pages/past.tsx")).Past }));
const Search = lazy(async () => ({ default: (await import("./pages/search.tsx")).Search }));

const Register = lazyPage(async () => (await import("./pages/register.tsx")).Register);
const Login = lazyPage(async () => (await import("./pages/login.tsx")).Login);
const Forgotten = lazyPage(async () => (await import("./pages/forgotten.tsx")).Forgotten);
const Reset = lazyPage(async () => (await import("./pages/reset.tsx")).Reset);
const Settings = lazyPage(async () => (await import("./pages/settings.tsx")).Settings);
const DocumentPage = lazyPage(async () => (await import("./pages/document.tsx")).DocumentPage);
const ProfilePage = lazyPage(async () => (await import("./pages/profile.tsx")).ProfilePage);

const StudioHome = lazyPage(async () => (await import("./pages/studio.tsx")).StudioHome);
const NewChannel = lazyPage(async () => (await import("./pages/new-channel.tsx")).NewChannel);
const StudioLayout = lazy(async () => ({ default: (await import("./studio/studio-layout.tsx")).StudioLayout }));
const StudioLive = lazyPage(async () => (await import("./pages/studio-live.tsx")).StudioLive);
const StudioStreams = lazyPage(async () => (await import("./pages/studio-streams.tsx")).StudioStreams);
const StudioStatistics = lazyPage(async () => (await import("./pages/studio-statistics.tsx")).StudioStatistics);
const StudioSettings = lazyPage(async () => (await import("./pages/studio-settings.tsx")).StudioSettings);
const GoLive = lazyPage(async () => (await import("./pages/studio-go-live.tsx")).GoLive);

const AdminLayout = lazy(async () => ({ default: (await import("./admin/admin-layout.tsx")).AdminLayout }));
const AdminSystem = lazyPage(async () => (await import("./pages/admin-system.tsx")).AdminSystem);
const AdminUsers = lazyPage(async () => (await import("./pages/admin-users.tsx")).AdminUsers);
const AdminChannels = lazyPage(async () => (await import("./pages/admin-channels.tsx")).AdminChannels);
const AdminDocuments = lazyPage(async () => (await import("./pages/admin-documents.tsx")).AdminDocuments);
const AdminAudit = lazyPage(async () => (await import("./pages/admin-audit.tsx")).AdminAudit);
const AdminDocument = lazyPage(async () => (await import("./pages/admin-documents.tsx")).AdminDocument);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

// After everything that is to be seen: it shows notifications, and a page of its own while there is no network.
window.addEventListener("load", () => void navigator.serviceWorker?.register("/worker.js").catch(() => {}));

// What the scripts of a first visit take to be read is one task, and what is drawn with them another.
void breathe().then(() =>
  render(
    () => (
      <Router root={Frame}>
        <Route path={PATHS.home} component={Home} />
        <Route path={PATHS.watch} component={Watch} />
        <Route path={PATHS.stream} component={Past} />
        <Route path={PATHS.search} component={Search} />
        <Route path={PATHS.register} component={Register} />
        <Route path={PATHS.login} component={Login} />
        <Route path={PATHS.forgotten} component={Forgotten} />
        <Route path={PATHS.reset} component={Reset} />
        <Route path={PATHS.settings} component={Settings} />
        <Route path={PATHS.document} component={DocumentPage} />
        <Route path={PATHS.user} component={ProfilePage} />
        <Route path={PATHS.studio} component={StudioHome} />
        <Route path={PATHS.newChannel} component={NewChannel} />
        <Route path={PATHS.channelStudio} component={StudioLayout}>
          <Route path="/" component={StudioLive} />
          <Route path="/go-live" component={GoLive} />
          <Route path="/streams" component={StudioStreams} />
          <Route path="/statistics" component={StudioStatistics} />
          <Route path="/settings" component={StudioSettings} />
        </Route>
        <Route path={PATHS.admin} component={AdminLayout}>
          <Route path="/" component={AdminSystem} />
          <Route path="/users" component={AdminUsers} />
          <Route path="/channels" component={AdminChannels} />
          <Route path="/audit" component={AdminAudit} />
          <Route path="/documents" component={AdminDocuments} />
          <Route path="/documents/:slug" component={AdminDocument} />
        </Route>
        <Route path="*" component={Missing} />
      </Router>
    ),
    root,
  ),
);
