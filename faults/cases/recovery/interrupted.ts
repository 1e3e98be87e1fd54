/** Starts that end in the middle (spec 6.5): interrupted at any call they begin again, and come to the same. */
import assert from "node:assert/strict";
import type { Machine } from "../../../sim/crash-matrix/machine.ts";
import { Died } from "../../../sim/crash-matrix/machine.ts";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import type { Scene } from "../../scene.ts";
import { leftInTheMiddle } from "../../start-sweep.ts";
import { contentsOf } from "../../topic-text.ts";

const whole = { d: "1-5", f: "1-5" };

/** Dies instead of making each of its mutating calls in turn; `after` goes on from there. */
async function diesEverywhere(scene: Scene, after: (machine: Machine, call: number) => Promise<void>): Promise<void> {
  for (let call = 0; ; call++) {
    const machine = scene.copy();
    machine.disk.crashAt(call);
    const died = await endsIn(machine);
    machine.disk.kill();
    machine.disk.crashAt(Number.POSITIVE_INFINITY);
    if (!died) {
      assert.ok(call > 10, "a start makes many calls");
      return;
    }
    scene.strike("a start dies");
    await after(machine, call);
  }
}

async function endsIn(machine: Machine): Promise<boolean> {
  try {
    await machine.start();
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

export const cases: readonly FaultCase[] = faultCases([
  {
    name: "start-killed-anywhere",
    section: "6.5",
    what: "A start dies instead of making one of its mutating calls, whichever, and the next start does too, at the same",
    permits: "The next three starts find the same",
    prepare: leftInTheMiddle,
    run: (scene) =>
      diesEverywhere(scene, async (machine, call) => {
        machine.disk.crashAt(machine.disk.gate.mutations + call);
        await endsIn(machine);
        machine.disk.kill();
        machine.disk.crashAt(Number.POSITIVE_INFINITY);
        for (let again = 0; again < 3; again++) {
          await machine.start();
          assert.deepEqual(contentsOf(await machine.judge("kill"), whole), whole, `killed at call ${call}`);
          machine.disk.kill();
        }
      }),
    outcome: { holds: whole, afterPowerLoss: { d: "1-4 crash:5..", f: "1-5" } },
  },
  ...(["none", "all", "entries", "data"] as const).map((survival): FaultCase => ({
    name: `start-power-lost-anywhere-${survival}`,
    section: "6.5",
    what: `Power is lost at one of the mutating calls of a start, whichever; of what was not synced survives: ${survival}`,
    permits: "No start after it is refused; two starts find the same, and everything that was synced",
    prepare: leftInTheMiddle,
    run: (scene) =>
      diesEverywhere(scene, async (machine, call) => {
        const next = scene.reboot(machine, survival);
        await next.start();
        const first = contentsOf(await next.judge("power"), whole);
        assert.equal(first["f"], "1-5", `power lost at call ${call}`);
        next.disk.kill();
        await next.start();
        assert.deepEqual(contentsOf(await next.judge("kill"), whole), first, `power lost at call ${call}`);
      }),
    outcome: { holds: whole, afterPowerLoss: { d: "1-4 crash:5..", f: "1-5" } },
    guards: [65],
  })),
]);
