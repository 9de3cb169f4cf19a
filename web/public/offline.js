// Says it in one language where one was chosen, and looks now and then whether the network is back.
let chosen = null;
let theme = null;
try {
  chosen = localStorage.getItem("streamhub.locale");
  theme = localStorage.getItem("streamhub.theme");
} catch {
  // Storage may be forbidden.
}
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
const language = chosen ?? navigator.language.slice(0, 2);
const known = document.querySelector(`section[lang="${language === "ru" ? "ru" : "en"}"]`);
for (const section of document.querySelectorAll("section")) section.hidden = section !== known;
document.documentElement.lang = known.lang;

const LOOK_MS = 10_000;
async function look() {
  const answer = await fetch("/api/health", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
addEventListener("online", () => void look());
setInterval(() => void look(), LOOK_MS);
