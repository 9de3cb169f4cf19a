/** So long after its start the first picture of a broadcast has been drawn. */
const FIRST_PICTURE_MS = 15_000;

interface Pictured {
  readonly startedAt: string | null;
  readonly thumbnailUrl: string | null;
  readonly coverImageUrl: string | null;
  readonly channel: { readonly thumbnailUrl: string | null };
}

/** The picture of a broadcast that is on air, at a time in milliseconds. */
export function pictureOf({ startedAt, thumbnailUrl, coverImageUrl, channel }: Pictured, now: number): string | null {
  const isNew = now - Date.parse(startedAt ?? "") < FIRST_PICTURE_MS;
  return isNew ? coverImageUrl : (thumbnailUrl ?? coverImageUrl ?? channel.thumbnailUrl);
}
