/** Names a form's request, so that sending it twice makes one thing (Idempotency-Key). Plain http pages have no `randomUUID`. */
export const uniqueKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
