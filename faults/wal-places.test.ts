/** Places in a shard's log, and who waits until everything submitted is synced (spec 6.2, 6.4, 6.6). */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../sim/disk/disk.ts";
import { walRules } from "../sim/disk/storage-rules.ts";
import { Prng } from "../sim/prng.ts";
import { scheduledCompletions } from "../sim/scheduled-completions.ts";
import { Scheduler } from "../sim/scheduler.ts";
import { comparePlaces, type CommitStage, type LogPlace } from "../src/wal/commit.ts";
import { type LoggedCommit, smallFiles, walDirectory, WalRun } from "./wal-run.ts";

const stages: readonly CommitStage[] = ["handed", "written", "synced"];

interface Story {
  readonly disk: SimulatedDisk;
  readonly commits: LoggedCommit[];
  readonly events: readonly string[];
  readonly answers: readonly boolean[];
}

/** Appends of all classes and sizes while the fault strikes; every answer of `synced` is checked at the moment it comes. */
async function story(seed: number, faults: readonly string[]): Promise<Story> {
  const scheduler = new Scheduler({ seed });
  const disk = new SimulatedDisk({
    directories: [walDirectory],
    rules: walRules,
    completions: scheduledCompletions(scheduler),
  });
  const run = await WalRun.start({ disk, scheduler, config: smallFiles });
  disk.injector.plant(...faults);
  const prng = new Prng(seed).fork("story");
  const commits: LoggedCommit[] = [];
  const waiting: Promise<void>[] = [];
  let last: LogPlace = run.shard.place();
  const answers: boolean[] = [];
  const ask = (): void => {
    const asked = commits.filter((commit) => !commit.isRefused);
    const check = (answer: boolean): void => {
      answers.push(answer);
      assert.ok(!answer || asked.every((commit) => commit.isSynced), "synced means synced");
    };
    waiting.push(run.shard.synced().then(check));
  };
  for (let op = 1; op <= 120; op++) {
    const bytes = 1 + prng.below(4000);
    const appended = run.append(run.shard, op, bytes, stages[prng.below(3)]).then((commit) => {
      if (commit) commits.push(commit);
    });
    if (prng.chance(50)) await scheduler.pass(prng.below(20));
    if (prng.chance(30)) await scheduler.settle(appended);
    if (prng.chance(20)) ask();
    assert.ok(comparePlaces(run.shard.place(), last) >= 0, "a place never goes back");
    last = run.shard.place();
  }
  await scheduler.pass(30_000);
  ask();
  await scheduler.settle(Promise.all(waiting));
  disk.kill();
  return { disk: disk.clone(), commits, events: run.events.map((event) => event.type), answers };
}

const scenarios: readonly { readonly name: string; readonly faults: readonly string[]; readonly shows: string }[] = [
  { name: "rotation", faults: [], shows: "wal-rotated" },
  { name: "a file given up", faults: ["write(wal-)#17:ENOSPC"], shows: "wal-abandoned" },
  { name: "a group torn by a full disk", faults: ["write(wal-)#23:after=700:ENOSPC"], shows: "wal-abandoned" },
  { name: "a rescue after a failed write", faults: ["write(wal-)#19:EIO"], shows: "wal-latched" },
  { name: "a rescue after a failed sync", faults: ["datasync(wal-)#9:EIO:A"], shows: "wal-latched" },
];

describe("places in the log", () => {
  for (const { name, faults, shows } of scenarios)
    it(`lie before everything submitted later: ${name}`, async () => {
      let shown = 0;
      for (let seed = 1; seed <= 12; seed++) {
        const { disk, commits, events, answers } = await story(seed, faults);
        if (events.includes(shows)) shown++;
        assert.equal(answers.at(-1), !events.includes("wal-latched"), "the last answer says whether it can be had");
        assert.ok(faults.length > 0 || !answers.includes(false), "nothing was lost");
        const scheduler = new Scheduler({ seed });
        const again = await WalRun.start({
          disk: disk.clone({ completions: scheduledCompletions(scheduler) }),
          scheduler,
        });
        const found = new Map(again.frames.map((frame) => [frame.op, frame]));
        for (const commit of commits) {
          const frame = found.get(commit.op);
          assert.ok(frame || !commit.isSynced, `seed ${seed}: op ${commit.op} was synced`);
          assert.ok(!frame || comparePlaces(frame, commit.place) >= 0, `seed ${seed}: op ${commit.op} lies too early`);
        }
      }
      assert.ok(shown >= 6, "the story is about what it is for");
    });
});

interface Fresh {
  readonly run: WalRun;
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
}

async function fresh(): Promise<Fresh> {
  const scheduler = new Scheduler({ seed: 1 });
  const disk = new SimulatedDisk({
    directories: [walDirectory],
    rules: walRules,
    completions: scheduledCompletions(scheduler),
  });
  return { run: await WalRun.start({ disk, scheduler }), disk, scheduler };
}

async function appended({ run, scheduler }: Fresh, ops: number, bytes: number, from = 1): Promise<void> {
  for (let op = from; op < from + ops; op++)
    assert.ok(await scheduler.settle(run.append(run.shard, op, bytes, "written")));
  await scheduler.pass(1);
}

describe("a shard that is asked", () => {
  it("says at once that all is synced when nothing waits", async () => {
    const { run, scheduler } = await fresh();
    assert.equal(await scheduler.settle(run.shard.synced()), true);
  });

  it("syncs at once what would have waited for the timer", async () => {
    const at = await fresh();
    await appended(at, 3, 100);
    const asked = at.scheduler.clock.monotonicMs();
    const commit = at.run.submit(at.run.shard, 4, 100, "handed");
    assert.equal(await at.scheduler.settle(at.run.shard.synced()), true);
    assert.ok(commit.isSynced);
    assert.ok(at.scheduler.clock.monotonicMs() - asked < 90, "within a few syncs");
  });

  it("does not wait for what is submitted later", async () => {
    const at = await fresh();
    at.run.submit(at.run.shard, 1, 100, "written");
    let done = false;
    const synced = at.run.shard.synced().then(() => (done = true));
    for (let op = 2; !done && op < 10_000; op++) {
      at.run.submit(at.run.shard, op, 8, "handed");
      await at.scheduler.pass(0.01);
    }
    assert.ok(done);
    await synced;
  });

  it("is hung while a sync does not come back, and says so in time", async () => {
    const at = await fresh();
    at.disk.injector.plant("datasync(wal-)#1:hang");
    await appended(at, 1, 100);
    let answer: boolean | undefined;
    void at.run.shard.synced().then((synced) => (answer = synced));
    await at.scheduler.pass(9000);
    assert.equal(at.run.shard.hung, false);
    assert.equal(answer, undefined);
    await at.scheduler.pass(2000);
    assert.equal(at.run.shard.hung, true);
    assert.equal(answer, false);
    assert.throws(() => at.run.shard.admit(1, { reserve: false, patient: false }), /does not answer/);
    at.run.wal.abort();
    assert.equal(await at.scheduler.settle(at.run.shard.synced()), false);
  });

  it("says no when frames are refused, and yes again afterwards", async () => {
    const at = await fresh();
    await appended(at, 3, 100);
    at.disk.injector.plant("write(wal-)#1:ENOSPC");
    const refused = at.run.submit(at.run.shard, 4, 100, "synced");
    assert.equal(await at.scheduler.settle(at.run.shard.synced()), false);
    assert.ok(refused.isRefused);
    await appended(at, 1, 100, 5);
    assert.equal(await at.scheduler.settle(at.run.shard.synced()), true);
  });

  it("says yes when its file is given up and everything is carried over", async () => {
    const at = await fresh();
    await appended(at, 3, 100);
    at.disk.injector.plant("write(wal-)#1:ENOSPC");
    const carried = at.run.submit(at.run.shard, 4, 100, "handed");
    assert.equal(await at.scheduler.settle(at.run.shard.synced()), true);
    assert.ok(carried.isSynced);
  });

  it("counts what lies behind a place, over files and their ends", async () => {
    const at = await fresh();
    const { shard } = at.run;
    const start = shard.place();
    assert.equal(shard.bytesSince(start), 0);
    await appended(at, 2, 1000);
    const two = shard.bytesSince(start);
    assert.ok(two >= 2000 && two < 2600);
    const middle = shard.place();
    assert.equal(await at.scheduler.settle(shard.rotate()), true);
    assert.ok(shard.place().index > start.index);
    assert.equal(shard.bytesSince(start), two);
    assert.equal(shard.bytesSince(middle), 0);
    await appended(at, 2, 1000, 3);
    assert.equal(shard.bytesSince(middle), two);
    assert.equal(shard.bytesSince(start), 2 * two);
    assert.equal(at.run.wal.loggedBytes(), 2 * two);
    assert.equal(await at.scheduler.settle(shard.synced()), true);
    await at.scheduler.pass(1000);
    assert.equal(at.run.wal.loggedBytes(), 2 * two, "a mark is nothing that was logged");
  });

  it("begins a new file behind what is in flight, and none for an empty one", async () => {
    const at = await fresh();
    const { shard } = at.run;
    const { index } = shard.place();
    assert.equal(await at.scheduler.settle(shard.rotate()), true);
    assert.equal(shard.place().index, index);
    const commits = [1, 2, 3].map((op) => at.run.submit(shard, op, 20_000, "synced"));
    await at.scheduler.pass(0);
    assert.equal(await at.scheduler.settle(shard.rotate()), true);
    assert.ok(shard.place().index > index);
    await at.scheduler.settle(shard.synced());
    assert.ok(commits.every((commit) => commit.isSynced));
    await at.scheduler.settle(at.run.wal.close(() => at.run.nextStamp()));
    assert.equal(await at.scheduler.settle(shard.rotate()), false);
  });

  it("rotates into the last spare on a full disk, and no further", async () => {
    const at = await fresh();
    const { shard } = at.run;
    await appended(at, 2, 1000);
    at.disk.setFreeBytes(0);
    const { index } = shard.place();
    assert.equal(await at.scheduler.settle(shard.rotate()), true);
    assert.ok(shard.place().index > index);
    at.run.submit(shard, 3, 1000, "written");
    await at.scheduler.pass(1);
    assert.equal(await at.scheduler.settle(shard.rotate()), false);
  });

  it("takes no place behind the final frame of a clean stop", async () => {
    const at = await fresh();
    await appended(at, 2, 1000);
    const before = at.run.shard.place();
    await at.scheduler.settle(at.run.wal.close(() => at.run.nextStamp()));
    assert.deepEqual(at.run.shard.place(), before);
  });
});
