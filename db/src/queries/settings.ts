/** What the platform has made for itself. */
import { eq } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { settings } from "../schema/settings.ts";

export const readSetting = guarded(async (db: Database, name: string): Promise<string | null> => {
  const [row] = await db.select({ value: settings.value }).from(settings).where(eq(settings.name, name));
  return row?.value ?? null;
});

/** Of several processes that make it at once, one wins: the value that counts from now on. */
export const keepSetting = guarded(async (db: Database, name: string, value: string): Promise<string> => {
  await db.insert(settings).values({ name, value }).onConflictDoNothing();
  return (await readSetting(db, name)) ?? value;
});

/** Only where it is still the one that the caller knows. */
export const replaceSetting = guarded(async (db: Database, name: string, known: string, value: string) => {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .select({ value: settings.value })
      .from(settings)
      .where(eq(settings.name, name))
      .for("update");
    if (row?.value === known) await tx.update(settings).set({ value }).where(eq(settings.name, name));
  });
});

/** Whatever was there before. */
export const writeSetting = guarded(async (db: Database, name: string, value: string): Promise<void> => {
  await db.insert(settings).values({ name, value }).onConflictDoUpdate({ target: settings.name, set: { value } });
});
