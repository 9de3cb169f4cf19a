/** The network that fails, and one case of each kind with short outages; all of them, with long ones: `bun run chaos`. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { kills } from "./cases/kills.ts";
import { outages } from "./cases/outages.ts";
import { openGate } from "./gate.ts";
import { onStage } from "./stage.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

describe("the gate", () => {
  const behind = () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 60, fetch: () => new Response("here") });
    const gate = openGate({ port: server.port! });
    cleanUps.push(() => server.stop(true));
    cleanUps.push(() => gate.close());
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${gate.port}/`, { signal: AbortSignal.timeout(1_000) });
      return answer.text();
    };
    return { gate, ask };
  };

  test("lets through what it is asked for", async () => {
    const { ask } = behind();
    expect(await ask()).toBe("here");
  });

  test("refuses while it is down, and is there again on the same port", async () => {
    const { gate, ask } = behind();
    gate.down();
    await expect(ask()).rejects.toThrow();
    gate.up();
    expect(await ask()).toBe("here");
  });

  test("says nothing while it is silent, and loses nothing", async () => {
    const { gate, ask } = behind();
    gate.silent();
    await expect(ask()).rejects.toThrow("timed out");
    const late = fetch(`http://127.0.0.1:${gate.port}/`);
    await Bun.sleep(200);
    gate.up();
    expect(await (await late).text()).toBe("here");
  });
});

for (const each of [kills.find(({ name }) => name.includes("ffmpeg"))!, outages[0]!])
  test(each.name, async () => {
    const { wentOn } = await onStage(2, each.run);
    expect(wentOn).toContain("without a hole");
  });
