/** Light or dark: the system's choice until the viewer makes another one. */
import { createEffect, createRoot, createSignal } from "solid-js";
import { recall, remember } from "./memory.ts";

export type Theme = "light" | "dark";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const [system, setSystem] = createSignal<Theme>(prefersDark.matches ? "dark" : "light");
prefersDark.addEventListener("change", (event) => setSystem(event.matches ? "dark" : "light"));

const stored = recall("theme");
const [chosen, setChosen] = createSignal<Theme | null>(stored === "light" || stored === "dark" ? stored : null);

/** What is shown now. */
export function theme(): Theme {
  return chosen() ?? system();
}

/** Shows the other one. Coming back to what the system says means following the system again. */
export function toggleTheme(): void {
  const next = theme() === "dark" ? "light" : "dark";
  const choice = next === system() ? null : next;
  remember("theme", choice);
  setChosen(choice);
}

createRoot(() => {
  createEffect(() => {
    const choice = chosen();
    if (choice === null) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
  });
});
