/** Those who watch without asking for playlists are told of again and again, for as long as they do. */

const EVERY = 10_000;

/** `onPresence`: called now, and again until the returned function is. */
export function presence(onPresence: () => void): () => void {
  onPresence();
  const timer = setInterval(onPresence, EVERY);
  timer.unref();
  return () => clearInterval(timer);
}
