// Runs before the first paint, so that a chosen theme never flashes. A separate file, because the content policy allows no inline script.
try {
  const theme = localStorage.getItem("streamhub.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is then the right one.
}
