/** Clocks that jump, stand still or disagree (spec 1.6, 9.2): `$ts` never goes back, nothing expires too early, nothing comes back. */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { keeps } from "../../usual-outcomes.ts";
import type { Scene } from "../../scene.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

async function stamps(scene: Scene): Promise<number[]> {
  return (await scene.observe()).get("d")!.records.map(({ ts }) => ts);
}

async function neverBack(scene: Scene): Promise<void> {
  const found = await stamps(scene);
  assert.deepEqual(
    found,
    found.toSorted((a, b) => a - b),
    "$ts never decreases",
  );
}

function jump(scene: Scene, ms: number): void {
  scene.strike(`the wall clock jumps by ${ms} ms`);
  scene.machine.scheduler.jumpWall(ms);
}

const backward = {
  section: "1.6",
  permits: "Appends go on; `$ts` never decreases, also behind a restart, and no seq is used twice",
  outcome: keeps(7),
};

function backBy(name: string, ms: number): FaultCase {
  return {
    ...backward,
    name: `clock-back-${name}`,
    what: `The wall clock goes back by ${name.replace("-", " ")} while the server runs, and it is restarted`,
    run: async (scene) => {
      jump(scene, -ms);
      for (const topic of ["d", "f"]) await scene.append(topic, 2);
      await scene.pass(2000);
      await scene.restart();
      for (const topic of ["d", "f"]) await scene.append(topic, 2);
      await scene.quiet();
      await neverBack(scene);
    },
  };
}

export const cases: readonly FaultCase[] = faultCases([
  backBy("one-hour", hourMs),
  backBy("ten-years", 10 * yearMs),
  {
    ...backward,
    name: "clock-back-across-a-restart",
    what: "The wall clock is ten years back when the server is started again",
    run: async (scene) => {
      for (const topic of ["d", "f"]) await scene.append(topic, 2);
      scene.kill();
      jump(scene, -10 * yearMs);
      await scene.startAfter("kill");
      for (const topic of ["d", "f"]) await scene.append(topic, 2);
      await scene.quiet();
      await neverBack(scene);
    },
  },
  {
    ...backward,
    name: "clock-frozen",
    what: "The wall clock stands still",
    run: async (scene) => {
      scene.strike("the wall clock stands still");
      scene.machine.scheduler.freezeWall();
      for (let count = 0; count < 4; count++) {
        for (const topic of ["d", "f"]) await scene.append(topic, 1);
        await scene.pass(5000);
      }
      await neverBack(scene);
    },
  },
  {
    name: "clock-forward-is-not-believed-at-once",
    section: "1.6",
    what: "The wall clock goes forward by a year and back again within a minute, with records that live an hour",
    permits: "Nothing expires: a jump is believed only when it has stood for a minute, and it is reported",
    run: async (scene) => {
      await scene.answered(undefined, scene.client.put("t", { durability: "fsync", ttlMs: hourMs }), "creation of t");
      await scene.append("t", 3);
      jump(scene, yearMs);
      await scene.pass(30_000);
      scene.saw("clock-jumped");
      await scene.sees({ t: "1-3" });
      jump(scene, -yearMs);
      await scene.pass(120_000);
    },
    outcome: { holds: { d: "1-3", f: "1-3", t: "1-3" } },
  },
  {
    name: "clock-forward-stands",
    section: "1.6",
    what: "The wall clock goes forward by a year and stays there, with records that live an hour",
    permits: "It is believed after a minute: they expire, are announced, and never come back",
    run: async (scene) => {
      await scene.answered(undefined, scene.client.put("t", { durability: "fsync", ttlMs: hourMs }), "creation of t");
      await scene.append("t", 3);
      jump(scene, yearMs);
      await scene.pass(180_000);
      await scene.shows({ t: "ttl:1-3" });
    },
    outcome: { holds: { d: "1-3", f: "1-3", t: "ttl:1-3" } },
  },
  {
    name: "clock-back-revives-nothing",
    section: "1.6",
    what: "Records have expired, and the wall clock goes back to before they did; the server is restarted",
    permits: "They stay gone and stay announced",
    run: async (scene) => {
      await scene.answered(undefined, scene.client.put("t", { durability: "fsync", ttlMs: 60_000 }), "creation of t");
      await scene.append("t", 3);
      await scene.pass(65_000);
      await scene.append("t", 1);
      await scene.pass(5000);
      await scene.shows({ t: "ttl:1-3 4" });
      jump(scene, -hourMs);
      await scene.pass(2000);
      await scene.shows({ t: "ttl:1-3 4" });
      await scene.restart();
    },
    outcome: { holds: { d: "1-3", f: "1-3", t: "ttl:1-3 4" } },
  },
  {
    name: "clock-delay-over-the-longest-timer",
    section: "9.2",
    what: "Records that live for a year, and so for longer than a timer can be set",
    permits: "They don't expire at once, and nothing spins: Node would fire such a timer after 1 ms",
    run: async (scene) => {
      const ttlMs = yearMs;
      await scene.answered(undefined, scene.client.put("t", { durability: "fsync", ttlMs }), "creation of t");
      await scene.append("t", 3);
      scene.strike("a delay over 2^31 - 1 ms");
      const before = scene.machine.scheduler.delivered;
      await scene.pass(60_000);
      const delivered = scene.machine.scheduler.delivered - before;
      assert.ok(delivered < 5000, `${delivered} events in a quiet minute`);
    },
    outcome: { holds: { d: "1-3", f: "1-3", t: "1-3" } },
  },
]);
