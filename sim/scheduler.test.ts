import assert from "node:assert/strict";
import type { Fs } from "../src/env/env.ts";
import { SimulatedDisk } from "./disk/disk.ts";
import { scheduledCompletions } from "./scheduled-completions.ts";
import { Scheduler } from "./scheduler.ts";
import { SimEnv } from "./sim-env.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function world(seed: number): { scheduler: Scheduler; disk: SimulatedDisk; env: SimEnv } {
  const scheduler = new Scheduler({ seed });
  const disk = new SimulatedDisk({ seed, directories: ["/data"], completions: scheduledCompletions(scheduler) });
  return { scheduler, disk, env: new SimEnv({ disk, scheduler, seed }) };
}

describe("virtual time", () => {
  it("fires timers in the order of their time, and moves only from one to the next", async () => {
    const scheduler = new Scheduler({ seed: 1 });
    const fired: [string, number][] = [];
    const note = (name: string) => (): void => void fired.push([name, scheduler.clock.monotonicMs()]);
    assert.equal(scheduler.clock.monotonicMs(), 0);
    scheduler.timers.after(86_400_000, note("a day"));
    scheduler.timers.after(10, note("ten"));
    scheduler.timers.clear(scheduler.timers.after(20, note("cleared")));
    scheduler.timers.after(0, note("at once"));
    scheduler.timers.soon(note("soon"));
    assert.equal(await scheduler.run(), "idle");
    assert.deepEqual(fired, [
      ["soon", 0],
      ["at once", 1],
      ["ten", 10],
      ["a day", 86_400_000],
    ]);
  });

  it("stops when asked to, by time or by what has happened", async () => {
    const scheduler = new Scheduler({ seed: 1 });
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      scheduler.timers.after(100, tick);
    };
    tick();
    assert.equal(await scheduler.run({ untilMs: 1050 }), "time");
    assert.deepEqual([ticks, scheduler.clock.monotonicMs()], [11, 1050]);
    assert.equal(await scheduler.run({ until: () => ticks === 20 }), "until");
    await scheduler.pass(1000);
    assert.equal(ticks, 30);
  });

  it("lets promises run dry between two deliveries, however long their chains", async () => {
    const scheduler = new Scheduler({ seed: 1 });
    const order: string[] = [];
    const chain = async (): Promise<void> => {
      for (let link = 0; link < 500; link++) await Promise.resolve();
      order.push("chain");
    };
    scheduler.timers.after(1, () => void chain());
    scheduler.timers.after(1, () => order.push("next"));
    await scheduler.run();
    assert.deepEqual(order, ["chain", "next"]);
  });

  it("settles a promise, and says so when nothing can settle it", async () => {
    const scheduler = new Scheduler({ seed: 1 });
    const later = new Promise<string>((resolve) =>
      scheduler.timers.after(5000, () => {
        resolve("done");
      }),
    );
    assert.equal(await scheduler.settle(later), "done");
    await assert.rejects(scheduler.settle(new Promise(() => undefined)), /nothing is left to do/);
    const again = (): void => void scheduler.timers.after(1000, again);
    again();
    await assert.rejects(scheduler.settle(new Promise(() => undefined), 10_000), /within 10000 ms/);
  });

  it("has a wall clock that jumps and stands still while monotonic time goes on", async () => {
    const scheduler = new Scheduler({ seed: 1, wallMs: 1_000_000 });
    await scheduler.pass(10);
    assert.equal(scheduler.clock.wallMs(), 1_000_010);
    scheduler.jumpWall(-3_600_000);
    scheduler.freezeWall();
    await scheduler.pass(10);
    assert.equal(scheduler.clock.wallMs(), 1_000_010 - 3_600_000);
    scheduler.thawWall();
    assert.equal(scheduler.clock.wallMs(), 1_000_020 - 3_600_000);
    assert.equal(scheduler.clock.monotonicMs(), 20);
  });

  it("refuses delays that Node would fire at once", () => {
    const { timers } = new Scheduler({ seed: 1 });
    assert.throws(() => timers.after(2 ** 31, () => undefined), /delay/);
  });
});

describe("a process in virtual time", () => {
  /** Four writers at a time; the order in which they are answered, and what is on the disk in the end. */
  async function run(seed: number): Promise<string> {
    const { scheduler, disk, env } = world(seed);
    const order: number[] = [];
    const writer = async (fs: Fs, index: number): Promise<void> => {
      const file = await fs.open(`/data/${index}`, "create");
      await file.write([env.random.bytes(600)], 0);
      await file.datasync();
      order.push(index);
      await file.close();
    };
    await scheduler.settle(Promise.all([0, 1, 2, 3].map((index) => writer(env.fs, index))));
    return `${order.join("")} ${scheduler.clock.monotonicMs()} ${disk.hash()} ${disk.powerLoss("seed:1").hash()}`;
  }

  it("does the same for the same seed, and other things for others", async () => {
    const runs = new Set<string>();
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const first = await run(seed);
      assert.equal(await run(seed), first);
      runs.add(first);
      orders.add(first.slice(0, 4));
    }
    assert.equal(runs.size, 20);
    assert.ok(orders.size > 5);
  });

  it("waits for a delayed call as long as it takes", async () => {
    const { scheduler, disk, env } = world(1);
    disk.injector.plant("write#1:delay=30000");
    const file = await scheduler.settle(env.fs.open("/data/f", "create"));
    await scheduler.settle(file.write([text("late")], 0));
    assert.ok(scheduler.clock.monotonicMs() >= 30_000);
  });

  it("dies with its timers and its calls in flight", async () => {
    const { scheduler, disk, env } = world(1);
    const file = await scheduler.settle(env.fs.open("/data/f", "create"));
    const heard: string[] = [];
    env.timers.after(5, () => heard.push("timer"));
    env.timers.soon(() => heard.push("soon"));
    void file.write([text("in flight")], 0).then(() => heard.push("written"));
    disk.kill();
    await scheduler.run();
    assert.deepEqual(heard, []);
    assert.equal(env.alive, false);
    const next = new SimEnv({ disk, scheduler, seed: 2 });
    assert.equal((await scheduler.settle(next.fs.stat("/data/f")))?.size, 0);
    assert.equal(next.machine.bootId, env.machine.bootId);
  });
});
