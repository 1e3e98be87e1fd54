/**
 * A start on a disk that fails at any one of its calls (spec 9.2): a refusal that says so, or the same contents; and with
 * the fault gone the next start finds them too. A read that fails is never taken for the end of the log.
 */
import assert from "node:assert/strict";
import type { CallName } from "../sim/disk/call.ts";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";
import { StartRefusal } from "../src/storage/refusal.ts";
import { appendRequest, contentsOf, startEngine } from "./engine-run.ts";

const directory = "/data";
const effects: Partial<Record<CallName, readonly string[]>> = {
  open: ["EIO", "EACCES"],
  read: ["EIO", "EIO:forever", "short=0", "short=1", "short=1:forever", "short=half", "flip=77"],
  stat: ["EIO"],
  readdir: ["EIO"],
  tryLock: ["EIO", "held"],
  write: ["EIO", "ENOSPC", "short=1", "short=half", "short=less:forever"],
  datasync: ["EIO:A", "EIO:B", "ENOSPC"],
  syncDir: ["EIO"],
  rename: ["EIO", "ENOSPC"],
  truncate: ["EIO"],
  close: ["EIO"],
  unlink: ["EIO"],
};

/** Two files per shard, a tail that was never synced, and two spares that a start removes. */
async function filled(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ directories: [directory] });
  for (let run = 0; run < 2; run++) {
    const scheduler = new Scheduler({ seed: run });
    const engine = await scheduler.settle(startEngine(new SimEnv({ disk, scheduler, seed: run }), { directory }));
    await scheduler.settle(engine.recover());
    for (const topic of ["a", "b", "c"])
      await scheduler.settle(engine.append(topic, appendRequest({ records: [{ data: { topic, run } }] })));
    disk.kill();
  }
  return disk;
}

async function start(disk: SimulatedDisk): Promise<string> {
  const scheduler = new Scheduler({ seed: 9 });
  const engine = await startEngine(new SimEnv({ disk, scheduler, seed: 9 }), { directory });
  await engine.recover();
  return contentsOf(engine);
}

/**
 * Which records there are; a start that can't trust the page cache adds holes, and is right to. The one fault that may
 * take records is a failed sync that also takes back what it covered: then a hole stands in their place.
 */
function records(contents: string): string {
  const lines = contents.split("\n").filter((line) => /^ {2}(\{"\$seq"|gone .*"reason":"crash")/.test(line));
  return lines.map((line) => (line.startsWith("  gone") ? "hole" : line)).join("\n");
}

function assertNoneTheWorse(contents: string, whole: readonly string[], mayLose: boolean, message: string): void {
  const found = records(contents).split("\n");
  for (const [at, line] of whole.entries()) {
    const [kept, rest] = mayLose && !found.includes(line) ? [line.split(',{"$seq":2')[0], "hole"] : [line, undefined];
    const place = found.indexOf(kept);
    assert.ok(place >= 0, `${message}: record line ${at} is gone`);
    if (rest !== undefined) assert.equal(found[place + 1], rest, `${message}: lost and not announced`);
  }
}

describe("a start whose disk fails once", () => {
  for (const [call, kinds] of Object.entries(effects))
    for (const effect of kinds)
      it(`says so, or is none the worse for it: ${call} ${effect}`, async () => {
        const made = await filled();
        const whole = records(await start(made.clone())).split("\n");
        const mayLose = effect === "EIO:B";
        for (let index = 1; ; index++) {
          const fault = `${call}#${index}:${effect}`;
          const disk = made.clone({ faults: [fault] });
          try {
            assertNoneTheWorse(await start(disk), whole, mayLose, fault);
          } catch (error) {
            assert.ok(error instanceof StartRefusal, `${fault}: ${String(error)}`);
            assert.match(error.message, /\/data/, `${fault}: it says where`);
          }
          disk.kill();
          if ([...disk.injector.fired().values()].includes(0) || (effect.endsWith("forever") && index === 5)) break;
          const next = disk.clone();
          assertNoneTheWorse(await start(next), whole, mayLose, `the start after ${fault}`);
          next.kill();
          const later = next.powerLoss("none");
          assertNoneTheWorse(await start(later), whole, mayLose, `the start after ${fault} and a power loss`);
        }
      });
});
