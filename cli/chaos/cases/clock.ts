/** The machine's clock jumps, as when NTP finds that it was wrong. */
import { join } from "node:path";
import { until } from "../../e2e/server.ts";
import type { Case } from "../case.ts";
import { expect, expectSmooth, goLive, sinceNow, streamOf } from "../stage.ts";

const HOUR = 3_600_000;
const SHIFT = join(import.meta.dir, "..", "..", "e2e", "shifted-clock.ts");

const jump = (name: string, milliseconds: number): Case => ({
  name,
  async run(stage) {
    const server = await stage.server({ preload: SHIFT, env: { CLOCK_SHIFT_MS: String(milliseconds) } });
    stage.encoder(server);
    const witness = stage.witness(server);
    const { id } = await goLive(server, witness);
    const audience = await stage.audience(server, id);
    process.kill(server.pid, "SIGUSR2");
    const since = sinceNow();
    await witness.next("after the jump", 10);
    const recovered = since();
    await Bun.sleep(stage.outage * 1_000);
    const wentOn = expectSmooth(witness, 3);
    const stream = await streamOf(server, id);
    expect(stream.isLive, "the broadcast is over");
    await audience.stop();
    const { refused } = audience.acknowledged();
    expect(refused === 0, `${refused} heartbeats were refused`);
    stage.encoder(server);
    await until("another encoder takes over", async () => (await streamOf(server, id)).isLive);
    return { wentOn, recovered };
  },
});

export const clock: readonly Case[] = [
  jump("the clock jumps an hour ahead", HOUR),
  jump("the clock jumps an hour back", -HOUR),
];
