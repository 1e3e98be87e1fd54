/** A start that dies at any of its calls, and the starts after it (spec 6.2, 6.5): all come to the same. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { appendRequest, contentsOf, startEngine } from "./engine-run.ts";

const directory = "/data";

async function filled(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: [directory] });
  const scheduler = new Scheduler({ seed: 1 });
  const engine = await scheduler.settle(startEngine(new SimEnv({ disk, scheduler, seed: 1 }), { directory }));
  await scheduler.settle(engine.recover());
  for (const topic of ["a", "b", "c"])
    await scheduler.settle(engine.append(topic, appendRequest({ records: [{ data: topic }] })));
  disk.kill();
  return disk;
}

/** `undefined` when it died on the way. */
async function start(disk: SimulatedDisk): Promise<string | undefined> {
  const scheduler = new Scheduler({ seed: 2 });
  const ended = await disk.run(async () => {
    const engine = await startEngine(new SimEnv({ disk, scheduler, seed: 2 }), { directory });
    await engine.recover();
    return contentsOf(engine);
  });
  disk.kill();
  return ended.died ? undefined : ended.value;
}

describe("a start that is killed", () => {
  it("leaves what the next three starts read alike, whichever call was its last", async () => {
    const made = await filled();
    const expected = await start(made.clone());
    assert.ok(expected !== undefined);
    for (let call = 0; ; call++) {
      const dying = made.clone();
      dying.crashAt(call);
      const survived = (await start(dying)) !== undefined;
      const disk = dying.clone();
      for (let again = 0; again < 3; again++)
        assert.equal(await start(disk), expected, `killed at call ${call}, start ${again}`);
      if (survived) {
        assert.ok(call > 20, "a start makes many calls");
        return;
      }
    }
  });
});
