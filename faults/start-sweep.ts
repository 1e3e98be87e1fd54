/**
 * A start whose disk fails at one call, for each call of that kind that it makes (spec 9.2): a refusal that says where, or
 * the same contents; and the next start, with a disk that works, finds them too, before and after a loss of power.
 */
import assert from "node:assert/strict";
import { TopicsError } from "../src/base/errors.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import type { Machine } from "../sim/crash-matrix/machine.ts";
import type { CallName } from "../sim/disk/call.ts";
import type { FaultCase } from "./fault-case.ts";
import { standard } from "./run-case.ts";
import type { Scene } from "./scene.ts";
import { contentsOf } from "./topic-text.ts";

const whole = { d: "1-5", f: "1-5" };
/** A start that can't trust the page cache gives up the spare seqs of `d`, and is right to. */
const distrusted = { d: "1-5 crash:6..", f: "1-5" };
/** Where a failed sync takes back what it covered, a tail that was never synced goes with it, and is announced. */
const tailLost = { d: "1-4 crash:5..", f: "1-5" };
const mostIndexes = 400;

/** Two files, the last of them with a tail that nothing says is synced, and spares that a start removes. */
export async function leftInTheMiddle(scene: Scene): Promise<void> {
  await standard(scene);
  await scene.append("d", 1);
  await scene.append("f", 1);
  await scene.restart();
  await scene.append("f", 1);
  await scene.append("d", 1);
  scene.kill();
}

export interface StartSweep {
  readonly call: CallName;
  readonly effect: string;
  readonly name: string;
  readonly guards?: readonly number[];
}

export function startSweep({ call, effect, name, guards = [] }: StartSweep): FaultCase {
  const mayLose = effect === "EIO:B";
  return {
    name: `start-${name}`,
    section: "9.2",
    what: `At a start ${call} ends with ${effect}, at each of its calls in turn`,
    permits:
      "The start is refused, with the path, or finds the same; so does the next one, and the one after a loss of power",
    prepare: leftInTheMiddle,
    run: async (scene) => {
      for (let index = 1; index < mostIndexes; index++) {
        const fault = `${call}#${index}:${effect}`;
        const machine = scene.copy();
        machine.disk.injector.plant(fault);
        await startsOrSaysWhy(machine, fault, mayLose);
        machine.disk.kill();
        const fired = [...machine.disk.injector.fired().values()].every((times) => times > 0);
        machine.disk.injector.clear();
        if (!fired) break;
        scene.strike(fault);
        await startsOrSaysWhy(machine, `the start after ${fault}`, mayLose, true);
        machine.disk.kill();
        if (effect.endsWith("forever") && index === 5) break;
      }
    },
    outcome: { holds: whole, afterPowerLoss: { d: "1-4 crash:5..", f: "1-5" } },
    guards,
  };
}

async function startsOrSaysWhy(machine: Machine, what: string, mayLose: boolean, must = false): Promise<void> {
  try {
    await machine.start();
    const contents = contentsOf(await machine.judge("power"), whole);
    const allowed = [whole, distrusted, ...(mayLose ? [tailLost] : [])].map((each) => JSON.stringify(each));
    assert.ok(allowed.includes(JSON.stringify(contents)), `${what}: ${JSON.stringify(contents)}`);
  } catch (error) {
    if (must || !(error instanceof StartRefusal || error instanceof TopicsError)) throw error;
    assert.match(error.message, /\/data/, `${what}: it says where`);
  }
}
