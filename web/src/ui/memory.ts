/** Small choices of a viewer that outlive a visit. Storage may be full or forbidden; a forgotten choice is no reason to break a page. */
type Choice =
  | "locale"
  | "theme"
  | "volume"
  | "muted"
  | "quality"
  | "bandwidth"
  | "captions"
  | "theatre"
  | "chat"
  | "access-until"
  | "account";

export function recall(choice: Choice): string | null {
  try {
    return localStorage.getItem(`streamhub.${choice}`);
  } catch {
    return null;
  }
}

export function remember(choice: Choice, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`streamhub.${choice}`);
    else localStorage.setItem(`streamhub.${choice}`, value);
  } catch {
    // See above.
  }
}
