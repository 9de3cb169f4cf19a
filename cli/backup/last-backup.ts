/** When the last backup was made, as any process of the platform can read it. */
import { type Database, queries } from "@streamhub/db";

export const BACKUP_SETTING = "backup.last";

/** Null: there never was one. */
export async function lastBackup(db: Database): Promise<Date | null> {
  const text = await queries.readSetting(db, BACKUP_SETTING);
  if (text === null) return null;
  const { at } = JSON.parse(text) as { at: string };
  return new Date(at);
}
