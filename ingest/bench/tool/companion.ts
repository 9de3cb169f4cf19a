/** One publisher beside players, so that a single command has something to watch. */
import { type OptionTable, type OptionValues, option, UsageError } from "../cli/options.ts";
import { MEDIA_OPTIONS, prepareMedia } from "../media/prepare.ts";
import { readRtmpUrl, refuseStranger } from "./address.ts";
import { awaitFleet, startFleet } from "./fleet.ts";
import { RunFailure, type Session } from "./session.ts";
import { secondsOf } from "./values.ts";

export const COMPANION_OPTIONS = {
  publish: option("publish", "", "publish here meanwhile, rtmp://HOST/APP/KEY, with the clock in it"),
  settle: option(
    "settle",
    "8s",
    "with --publish: time before the players come, so that it is no broadcast that only begins",
  ),
  ...MEDIA_OPTIONS,
} satisfies OptionTable;

/** Resolves when it publishes. */
export async function startCompanion(
  values: OptionValues<typeof COMPANION_OPTIONS>,
  {
    isOwned,
    insecure,
    timeoutMs,
  }: { readonly isOwned: boolean; readonly insecure: boolean; readonly timeoutMs: number },
  session: Session,
): Promise<void> {
  if (values.publish === "") return;
  const address = readRtmpUrl(values.publish, insecure);
  refuseStranger(address.target.host, isOwned);
  session.phase("preparing media");
  const media = await prepareMedia(values);
  for (const note of media.notes) session.recorder.note(note);
  const failures: string[] = [];
  // It is no part of what is measured: its own words go nowhere but into a failure.
  const { recorder } = session;
  const aside = Object.assign(Object.create(recorder), {
    merge(_: string, { counts, reasons }: Parameters<typeof recorder.merge>[1]) {
      if ((counts.failed ?? 0) + (counts.disconnects ?? 0) > 0) failures.push(Object.keys(reasons)[0] ?? "no reason");
    },
  }) as typeof recorder;
  const fleet = startFleet(
    [
      {
        kind: "publishers",
        addresses: [address],
        startAt: [0],
        source: media.file,
        chunkSize: 4_096,
        timeoutMs,
        lateMs: 50,
        hasClock: true,
      },
    ],
    { ...session, recorder: aside },
    "publisher",
  );
  session.phase("starting the publisher");
  await awaitFleet(fleet, fleet.ready, session, timeoutMs / 1_000 + 10);
  const settle = secondsOf("settle", values.settle, 0, 600);
  session.phase("waiting for the broadcast to settle", settle);
  await Promise.race([session.sleep(settle), fleet.lost]);
  if (failures.length > 0) throw new RunFailure(`The publisher of --publish did not start: ${failures[0]}.`);
}

export function checkCompanion(
  { publish, settle }: { readonly publish: string; readonly settle: string },
  insecure: boolean,
): void {
  secondsOf("settle", settle, 0, 600);
  if (publish !== "" && readRtmpUrl(publish, insecure).name.includes("{n}"))
    throw new UsageError("--publish is one publisher: {n} has no meaning there.");
}
