/** 6.7: a backup of a running server is of one moment, whole, and in nobody's way. */
import assert from "node:assert/strict";
import { scheduledCompletions } from "../../sim/scheduled-completions.ts";
import type { SeenTopic } from "../../sim/oracle/observation.ts";
import { TopicsError } from "../../src/base/errors.ts";
import { Prng } from "../../sim/prng.ts";
import { appendRequest, readFrom } from "../engine-run.ts";
import { changeSomething, Scene } from "./scene.ts";

const number = (topic: SeenTopic | undefined): number => topic?.records.length ?? 0;

/** Writes n to one topic and, when that is acked, to the next: whoever has the second has the first. Now and then it rests. */
async function write(scene: Scene, pair: readonly [string, string], goesOn: () => boolean): Promise<number> {
  let acked = 0;
  while (goesOn()) {
    for (const topic of pair)
      await scene.machine.engine.append(topic, appendRequest({ records: [{ data: acked + 1, tag: `t${acked % 5}` }] }));
    acked++;
    await new Promise<void>((resolve) => scene.scheduler.timers.after(10 + (acked % 40), resolve));
  }
  return acked;
}

describe("a backup under load", () => {
  for (const [seed, fault] of [
    [1, undefined],
    [2, "link#1:EXDEV:forever"],
  ] as const)
    it(`is of one moment${fault === undefined ? "" : ", across devices"}, history ${seed}`, async () => {
      const scene = new Scene({ seed: `load ${seed}`, shards: 3, completions: scheduledCompletions });
      const { machine, disk } = scene;
      await machine.start();
      if (fault !== undefined) disk.injector.plant(fault);
      const pairs = Array.from({ length: 4 }, (_, i) => [`x${i}`, `y${i}`] as const);
      let goesOn = true;
      const writers = pairs.map((pair) => write(scene, pair, () => goesOn));
      await machine.pass(3000);
      const acked = await Promise.all(pairs.map(async ([, y]) => machine.engine.topicState(y, false).headSeq));
      const made = await scene.backup("b");
      assert.equal(made.topics, 8);
      await machine.pass(2000);
      goesOn = false;
      const written = await machine.until(Promise.all(writers));
      assert.deepEqual(
        disk.files().filter((path) => path.startsWith("/backups/.")),
        [],
      );
      await scene.verified("/backups/b");
      const seen = await scene.observed("/backups/b");
      for (const [i, [x, y]] of pairs.entries()) {
        const [first, second] = [seen.get(x), seen.get(y)];
        assert.ok(number(second) >= acked[i] && number(second) <= written[i], "what was acked before is there");
        assert.ok(number(first) >= number(second) && number(first) <= number(second) + 1, "of one moment");
        for (const topic of [first, second])
          assert.deepEqual(
            topic?.records.map(({ data }) => Number(data)),
            Array.from({ length: number(topic) }, (_, n) => n + 1),
          );
        assert.deepEqual(first?.tombstones, [], "it ends like a clean stop");
      }
      await scene.restore({ to: "/restored" });
      await scene.verified("/restored");
      await machine.stop();
      disk.checkRules();
    });

  it("keeps what it needs while checkpoints and seals go on", async () => {
    const scene = new Scene({ seed: "held", completions: scheduledCompletions });
    const { machine, disk } = scene;
    const prng = new Prng("held");
    await machine.start();
    for (let step = 0; step < 30; step++) await changeSomething(scene, prng);
    const before = machine.oracle.clone();
    // Each link takes longer than a checkpoint: whatever is retired meanwhile must not be in it.
    disk.injector.plant("link#1:delay=1500:forever");
    let made = false;
    const backup = machine.engine.backup("b").then(() => (made = true));
    let checkpoints = machine.events.length;
    while (!made) {
      await changeSomething(scene, prng);
      await machine.pass(500);
    }
    await backup;
    checkpoints = machine.events.slice(checkpoints).filter(({ type }) => type === "checkpoint-written").length;
    assert.ok(checkpoints > 2, `${checkpoints} checkpoints meanwhile`);
    await scene.verified("/backups/b");
    before.judge(await scene.observed("/backups/b"), "clean", machine.nowMs);
    // And lets go of it: the next checkpoints remove what is not needed any more.
    disk.injector.clear();
    for (let step = 0; step < 10; step++) await changeSomething(scene, prng);
    await machine.pass(5000);
    const kept = disk.files().filter((path) => path.startsWith("/data/ckpt"));
    assert.equal(kept.length, 2);
    await machine.judge("none");
    await machine.stop();
  });
});

describe("a backup", () => {
  const refusal = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "made",
      (error: unknown) => (error instanceof TopicsError ? error.code : String(error)),
    );

  it("is refused for a wrong name and for one that is taken, and waits for its turn", async () => {
    const scene = new Scene({ seed: "refused", completions: scheduledCompletions });
    const { machine } = scene;
    await machine.start();
    const { engine } = machine;
    for (const name of ["", "..", ".hidden", "a/b", "x".repeat(129)])
      assert.equal(await machine.until(refusal(engine.backup(name))), "invalid_request", name);
    const names = ["a", "a", "b", ...Array.from({ length: 15 }, (_, i) => `more ${i}`)];
    const codes = await machine.until(Promise.all(names.map((name) => refusal(engine.backup(name)))));
    assert.deepEqual(codes.slice(0, 3), ["made", "backup_exists", "made"]);
    assert.deepEqual(codes.slice(3), [...Array.from({ length: 14 }, () => "made"), "throttled"]);
    assert.equal(await machine.until(refusal(engine.backup("a"))), "backup_exists");
    await machine.stop();
    assert.equal(await refusal(engine.backup("c")), "shutting_down");
  });

  it("is not found where there is no place for it", async () => {
    const scene = new Scene({ seed: "off", storage: { backupDirectory: undefined } });
    await scene.machine.start();
    assert.equal(await scene.machine.until(refusal(scene.machine.engine.backup("a"))), "not_found");
  });

  it("leaves nothing behind where it fails, and goes on the next time", async () => {
    for (const fault of [
      "link#1:EIO",
      "mkdir(/backups/)#1:ENOSPC",
      "write(/backups/)#1:ENOSPC",
      "datasync(/backups/)#1:EIO",
      "rename(/backups/)#1:EIO",
      "syncDir(/backups/)#1:EIO",
      "read(/backups/)#1:flip=40000",
    ]) {
      const scene = new Scene({ seed: "fails" });
      const { machine, disk } = scene;
      await machine.start();
      await machine.until(machine.client.append("t", 30, { padBytes: 500 }));
      disk.injector.plant(fault);
      assert.equal(await machine.until(refusal(machine.engine.backup("b"))), "internal", fault);
      assert.equal(await machine.until(refusal(machine.engine.backup("b"))), "made", fault);
      assert.ok(machine.events.some(({ type }) => type === "backup-failed"));
      await scene.verified("/backups/b");
      await machine.judge("none");
      await machine.stop();
      assert.deepEqual(
        disk.files().filter((path) => path.startsWith("/backups/.")),
        [],
      );
    }
  });

  it("is given up when the server stops", async () => {
    const scene = new Scene({ seed: "stops", completions: scheduledCompletions });
    const { machine, disk } = scene;
    await machine.start();
    await machine.until(machine.client.append("t", 30, { padBytes: 500 }));
    disk.injector.plant("link#1:EXDEV:forever", "open(/backups/)#1:delay=200:forever");
    const code = refusal(machine.engine.backup("b"));
    await machine.pass(50);
    await machine.stop();
    assert.equal(await scene.until(code), "shutting_down");
    assert.deepEqual(
      disk.files().filter((path) => path.startsWith("/backups/")),
      [],
    );
  });

  it("has what was acked on a shard that is read-only", async () => {
    const scene = new Scene({ seed: "latched", shards: 2 });
    const { machine, disk } = scene;
    await machine.start();
    for (const topic of ["a", "b", "c", "d"]) await machine.until(machine.client.create(topic, "fsync"));
    for (const topic of ["a", "b", "c", "d"]) await machine.until(machine.client.append(topic, 5));
    disk.injector.plant("datasync(wal-00)#1:EIO");
    for (const topic of ["a", "b", "c", "d"]) await machine.until(machine.client.append(topic, 1));
    assert.equal(machine.events.filter(({ type }) => type === "wal-latched").length, 1);
    await scene.backup("b");
    const seen = await scene.observed("/backups/b");
    machine.oracle.clone().judge(seen, "clean", machine.nowMs);
  });

  it("is whole or refused when a shard gives its file up while it is made", async () => {
    const outcomes: string[] = [];
    for (const fault of [
      "datasync(data/wal-00)#1:EIO",
      "datasync(data/wal-00)#2:EIO",
      "write(data/wal-00)#1:ENOSPC",
      "write(data/wal-00)#2:EIO",
    ]) {
      const scene = new Scene({ seed: `gives up ${fault}`, shards: 2, completions: scheduledCompletions });
      const { machine, disk } = scene;
      await machine.start();
      const topics = ["a", "b", "c", "d", "e", "f"];
      for (const topic of topics) await machine.until(machine.client.append(topic, 3));
      disk.injector.plant(fault);
      const writes = Promise.all(
        Array.from({ length: 6 }, (_, round) => topics.map((topic) => machine.client.append(topic, 1 + round))).flat(),
      );
      const before = machine.oracle.clone();
      const first = await machine.until(refusal(machine.engine.backup("first")));
      await machine.until(writes);
      disk.injector.clear();
      const second = await machine.until(refusal(machine.engine.backup("second")));
      outcomes.push(first, second);
      if (first === "made") {
        await scene.verified("/backups/first");
        before.judge(await scene.observed("/backups/first"), "kill", machine.nowMs);
      }
      assert.equal(second, "made", fault);
      await scene.verified("/backups/second");
      machine.oracle.clone().judge(await scene.observed("/backups/second"), "kill", machine.nowMs);
    }
    assert.ok(
      outcomes.every((one) => ["made", "wal_unavailable"].includes(one)),
      outcomes.join(),
    );
  });

  it("has the deletes of sealed records, and so has what is restored from it", async () => {
    const scene = new Scene({ seed: "deletes" });
    const { machine, disk } = scene;
    await machine.start();
    for (let count = 0; count < 12; count++)
      await machine.until(machine.client.append("t", 5, { tag: `t${count % 4}`, padBytes: 50 }));
    await machine.pass(3000);
    await machine.until(machine.client.deleteTag("t", "t1"));
    await machine.pass(3000);
    await machine.until(machine.client.deleteTag("t", "t2", 40));
    await scene.backup("b");
    const moment = await scene.mark();
    await machine.until(machine.client.deleteTag("t", "t*"));
    await machine.stop();
    assert.ok(
      disk.files().some((path) => /^\/backups\/b\/seg-\d+\.del$/.test(path)),
      "there are some",
    );
    await scene.restore({ to: "/restored", archive: undefined });
    const { oracle } = moment;
    await scene.verified("/backups/b");
    const withMark = await scene.restore({ to: "/marked", until: moment.until, live: "/data" });
    assert.equal(
      withMark.records,
      oracle.topics.reduce((sum, { live }) => sum + (live?.records.length ?? 0), 0),
    );
    await scene.judged("/marked", moment);
    const [restored, marked] = [await scene.observed("/restored"), await scene.observed("/marked")];
    assert.deepEqual(restored.get("t")?.records, marked.get("t")?.records);
  });

  it("comes of a directory with a cold tier as one directory", async () => {
    const scene = new Scene({ seed: "cold", storage: { coldDirectory: "/cold", hotRetainSegments: 1 } });
    const { machine, disk } = scene;
    await machine.start();
    for (let i = 0; i < 30; i++) await machine.until(machine.client.append("t", 5, { padBytes: 100 }));
    await machine.pass(10_000);
    assert.ok(
      disk.files().some((path) => /^\/cold\/seg/.test(path)),
      "something is cold",
    );
    await scene.backup("b");
    const whole = await readFrom(machine.engine, "t");
    const engine = await scene.open("/backups/b");
    assert.deepEqual(await scene.until(readFrom(engine, "t")), whole);
    await scene.until(engine.close(60_000));
    await scene.restore({ to: "/restored" });
    await scene.verified("/restored");
  });
});
