/** Moves to the dead letters that are interrupted (spec 5, 9.4/8): a job is in one of the two places, exactly once. */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { Jobs, queueOfThree } from "../../jobs.ts";
import type { Scene } from "../../scene.ts";

/** The next claim of job 1 moves it. */
async function almostDead(scene: Scene): Promise<void> {
  const jobs = await queueOfThree(scene, {
    durability: "disk",
    leasesDurable: false,
    maxDeliveries: 1,
    deadLetter: "dead",
    leaseMs: 1000,
  });
  await new Jobs(scene, "dead").create({ durability: "disk" });
  await jobs.claims("w", 1, "1(1)");
  await scene.pass(2000);
}

/** However it went: 2 and 3 are in the queue, and 1 is there or among the dead. */
async function inOnePlace(scene: Scene): Promise<boolean> {
  const [here, there] = [await new Jobs(scene, "q").seqs(), await new Jobs(scene, "dead").seqs()];
  scene.tell(`in the queue: ${here.join(" ")}; dead: ${there.join(" ")}`);
  assert.deepEqual(
    here.filter((seq) => seq !== 1),
    [2, 3],
  );
  assert.equal(here.length + there.length, 3, "it is in one place, once");
  return there.length === 1;
}

function interrupted(name: string, survival: string | undefined, what: string): FaultCase {
  return {
    name: `dead-letter-${name}-anywhere`,
    section: "5",
    what: `${what} instead of one of the mutating calls of a move to the dead letters, whichever`,
    permits: "Behind the start, and behind time for the move to be finished, the job is in one of the two places, once",
    prepare: almostDead,
    run: async (scene) => {
      let moved = 0;
      for (let call = 0; ; call++) {
        const trial = scene.fork(`${scene.name}/${call}`);
        await almostDead(trial);
        trial.dieAt(call);
        const died = await trial.dies(async () => {
          await new Jobs(trial, "q").claim("v", 1);
          await trial.pass(1000);
        });
        scene.strike("death in a move");
        if (survival !== undefined && died) trial.powerLoss(survival);
        else trial.kill();
        await trial.start();
        await inOnePlace(trial);
        await new Jobs(trial, "q").claim("v", 3);
        await trial.pass(3000);
        if (await inOnePlace(trial)) moved++;
        if (!died) break;
      }
      assert.ok(moved > 0, "it is moved in the end");
    },
    outcome: { exactly: "Jobs 2 and 3 in the queue, 1 in one of the two" },
    guards: [42],
  };
}

export const cases: readonly FaultCase[] = faultCases([
  interrupted("death", undefined, "The process dies"),
  interrupted("power-lost-none", "none", "Power is lost, and nothing un-synced survives,"),
  interrupted("power-lost-all", "all", "Power is lost, and everything survives,"),
  {
    name: "dead-letter-copy-refused",
    section: "5",
    what: "The dead-letter topic is full",
    permits: "The job is delivered as if there were no dead letters; it is never lost",
    prepare: async (scene) => {
      await almostDead(scene);
      const { engine } = scene.machine;
      const full = { durability: "disk", capRecords: 1, discard: "reject", type: "queue" } as const;
      await scene.machine.until(engine.configureTopic("dead", full, "put"));
      await new Jobs(scene, "dead").produce(1);
    },
    run: async (scene) => {
      scene.strike("the dead-letter topic is full");
      const jobs = new Jobs(scene, "q");
      await jobs.claims("v", 1, "1(2)");
      await jobs.holds([1, 2, 3]);
    },
    outcome: { exactly: "Job 1 delivered for the second time" },
    guards: [42],
  },
  {
    name: "dead-letter-copy-eio-on-its-shard",
    section: "5",
    what: "The shard of the dead-letter topic fails when the copy is written",
    permits: "The job stays in its queue, or is in both places never: nothing is deleted that is not copied",
    server: { shards: 2 },
    prepare: almostDead,
    faults: ["datasync(wal-00)#1:EIO:B"],
    run: async (scene) => {
      await new Jobs(scene, "q").claim("v", 1).catch((error: unknown) => scene.tell(String(error)));
      await scene.pass(5000);
      scene.lift();
      scene.kill();
      await scene.start();
      await scene.pass(5000);
      await inOnePlace(scene);
    },
    outcome: { exactly: "Job 1 in one of the two" },
    guards: [42],
  },
]);
