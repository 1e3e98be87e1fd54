/** Routers whose copies fail, or are interrupted (spec 3.3, 9.4/7): none skipped, none twice, in the order of the source. */
import assert from "node:assert/strict";
import { appendRequest } from "../../engine-run.ts";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { parseRecords, readRequest } from "../../../sim/oracle/observation.ts";

async function append(scene: Scene, topic: string, from: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, at) => ({ data: `${topic} ${from + at}` }));
  const { engine } = scene.machine;
  await scene.machine.until(engine.append(topic, appendRequest({ records })));
}

async function contents(scene: Scene, topic: string): Promise<string[]> {
  const { machine } = scene;
  const found: string[] = [];
  for (let from = 0; ;) {
    const page = await machine.until(machine.engine.read(topic, readRequest(from, 1000, 0)));
    found.push(...parseRecords(page.slices).map(({ data }) => JSON.parse(data) as string));
    page.release();
    if (page.caughtUp || page.nextFromSeq === from) return found;
    from = page.nextFromSeq;
  }
}

async function routed(scene: Scene): Promise<void> {
  await scene.start();
  const { engine } = scene.machine;
  for (const topic of ["s", "r"])
    await scene.machine.until(engine.configureTopic(topic, { durability: "fsync" }, "put"));
  await scene.machine.until(engine.putRouter("s-to-r", { ...settings, source: "s", dest: "r", createDest: false }));
  await append(scene, "s", 1, 3);
  await scene.pass(1000);
}

const whole = (count: number): string[] => Array.from({ length: count }, (_, at) => `s ${at + 1}`);

const settings = {
  preserveNode: true,
  preserveTag: true,
  filter: undefined,
  allowCycle: false,
  exactlyOnce: false,
};

async function isWhole(scene: Scene, count: number): Promise<void> {
  await scene.pass(5000);
  const found = await contents(scene, "r");
  scene.tell(`copied: ${found.join(", ")}`);
  assert.deepEqual(found, whole(count), "every record is copied once, in order");
}

/** Dies instead of each of its mutating calls in turn; what was acked to the source arrives, and nothing twice. */
function interrupted(name: string, survival: string | undefined, what: string): FaultCase {
  return {
    name: `router-${name}-anywhere`,
    section: "3.3",
    what: `${what} instead of one of the mutating calls of an append and its copy, whichever`,
    permits: "Behind the start everything in the source is in the destination, once and in order",
    prepare: routed,
    run: async (scene) => {
      for (let call = 0; ; call++) {
        const trial = scene.fork(`${scene.name}/${call}`);
        await routed(trial);
        trial.dieAt(call);
        const died = await trial.dies(async () => {
          await append(trial, "s", 4, 2);
          await trial.pass(500);
        });
        scene.strike("death in a copy");
        if (survival !== undefined && died) trial.powerLoss(survival);
        else trial.kill();
        await trial.start();
        await trial.pass(2000);
        const source = await contents(trial, "s");
        assert.ok(source.length === 3 || source.length === 5, `the batch is whole or not there: ${source.length}`);
        assert.deepEqual(await contents(trial, "r"), source, `death at call ${call}`);
        await append(trial, "s", source.length + 1, 1);
        await isWhole(trial, source.length + 1);
        if (!died) return;
      }
    },
    outcome: { exactly: "Destination and source hold the same" },
    guards: [33],
  };
}

export const cases: readonly FaultCase[] = faultCases([
  interrupted("death", undefined, "The process dies"),
  interrupted("power-lost-none", "none", "Power is lost, and nothing un-synced survives,"),
  interrupted("power-lost-all", "all", "Power is lost, and everything survives,"),
  {
    name: "router-destination-full",
    section: "3.3",
    what: "The destination refuses copies because it is full, and has room again later",
    permits: "The router waits: nothing is skipped, and everything is copied when there is room, in order",
    prepare: routed,
    run: async (scene) => {
      const { engine } = scene.machine;
      const limit = { durability: "fsync", capRecords: 4, discard: "reject" } as const;
      await scene.machine.until(engine.configureTopic("r", limit, "put"));
      scene.strike("the destination is full");
      await append(scene, "s", 4, 3);
      await append(scene, "s", 7, 1);
      await scene.pass(5000);
      const found = await contents(scene, "r");
      assert.deepEqual(found, whole(found.length), "what is there is there in order");
      assert.ok(found.length <= 4);
      scene.kill();
      await scene.start();
      await scene.pass(2000);
      await scene.machine.until(scene.machine.engine.configureTopic("r", { durability: "fsync" }, "put"));
      await scene.pass(60_000);
      await isWhole(scene, 7);
    },
    outcome: { exactly: "The destination holds all seven" },
    guards: [33, 35],
  },
  {
    name: "router-copy-write-enospc",
    section: "3.3",
    what: "A write of the destination's shard finds no space, once",
    permits: "It is tried again: everything is copied once, in order",
    prepare: routed,
    faults: ["write(wal-)#2:ENOSPC"],
    run: async (scene) => {
      for (let count = 4; count < 7; count++)
        await append(scene, "s", count, 1).catch((error: unknown) => scene.tell(String(error)));
      await scene.pass(30_000);
      const source = await contents(scene, "s");
      assert.deepEqual(await contents(scene, "r"), source);
      scene.lift();
      scene.kill();
      await scene.start();
      await scene.pass(2000);
      assert.deepEqual(await contents(scene, "r"), source);
    },
    outcome: { exactly: "Destination and source hold the same" },
    guards: [33],
  },
  {
    name: "router-copy-sync-eio",
    section: "3.3",
    what: "A sync fails while records are copied",
    permits: "The shard is read-only; behind the next start everything in the source is copied once, in order",
    prepare: routed,
    faults: ["datasync(wal-)#2:EIO:B"],
    run: async (scene) => {
      for (let count = 4; count < 7; count++)
        await append(scene, "s", count, 1).catch((error: unknown) => scene.tell(String(error)));
      await scene.pass(5000);
      scene.lift();
      scene.kill();
      await scene.start();
      await scene.pass(5000);
      assert.deepEqual(await contents(scene, "r"), await contents(scene, "s"));
    },
    outcome: { exactly: "Destination and source hold the same" },
    guards: [33],
  },
]);
