/**
 * 6.6, 6.7: whoever makes a backup or restores one may die at any call. Under its final name there is all of it or nothing;
 * what it was made of is unharmed; and what was left behind goes.
 */
import assert from "node:assert/strict";
import { Died } from "../../sim/crash-matrix/machine.ts";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";
import { survivals } from "../../sim/disk/survivals.ts";
import { Prng } from "../../sim/prng.ts";
import { backup } from "../../src/maintenance/backup.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { restore } from "../../src/maintenance/restore/restore.ts";
import { changeSomething, Scene } from "./scene.ts";

const exhaustive = process.env["TOPICS_TEST_EXHAUSTIVE"] === "1";
const sampledCalls = 4;

/** What a crash now may leave: the process alone is gone, or the power was. */
function images(
  disk: SimulatedDisk,
  seed: string,
): { readonly crash: "kill" | "power"; readonly disk: SimulatedDisk }[] {
  const chosen = survivals(disk.pending, { sample: exhaustive ? 8 : 2, seed });
  const lost = (exhaustive ? chosen : chosen.slice(0, 2)).map((one) => ({
    crash: "power" as const,
    disk: disk.powerLoss(one),
  }));
  return [{ crash: "kill", disk: disk.clone() }, ...lost];
}

function calls(count: number, seed: string): number[] {
  const all = Array.from({ length: count }, (_, call) => call);
  if (exhaustive) return all;
  return [...new Set([0, count - 1, ...new Prng(seed).shuffle(all).slice(0, sampledCalls)])];
}

const under = (disk: SimulatedDisk, directory: string): string[] =>
  disk.files().filter((path) => path.startsWith(`${directory}/`));

const contents = (disk: SimulatedDisk, ...directories: string[]): Map<string, string> =>
  new Map(
    directories
      .flatMap((directory) => under(disk, directory))
      .filter((path) => !path.endsWith("/LOCK"))
      .map((path) => [path, Buffer.from(disk.contents(path)).toString("latin1")]),
  );

/** The result of `work`, or that its process has died. */
function orDeath<T>(scene: Scene, disk: SimulatedDisk, work: Promise<T>): Promise<T | "died"> {
  let forget = (): void => undefined;
  const death = new Promise<"died">((resolve) => (forget = disk.onDeath(() => resolve("died"))));
  return scene.scheduler.settle(Promise.race([work, death])).finally(forget);
}

async function worked(seed: string): Promise<Scene> {
  const scene = new Scene({ seed });
  const prng = new Prng(seed);
  await scene.machine.start();
  for (let step = 0; step < 20; step++) await changeSomething(scene, prng);
  await scene.machine.pass(1500);
  scene.machine.oracle.settle();
  return scene;
}

/** Whatever is found under the backup's name is all of it. */
async function examineBackup(scene: Scene, disk: SimulatedDisk, directory: string, mustBe: boolean): Promise<void> {
  const files = under(disk, directory);
  assert.ok(files.length > 0 || !mustBe, "what was answered is there");
  if (files.length === 0) return;
  await scene.verified(directory, disk);
  scene.machine.oracle.clone().judge(await scene.observed(directory, disk), "clean", scene.machine.nowMs);
}

describe("the death of a server that makes a backup", function () {
  this.timeout(exhaustive ? 0 : 120_000);

  it("leaves all of it or nothing, and a directory that goes on", async () => {
    const whole = await worked("online");
    const before = whole.disk.gate.mutations;
    await whole.backup("b");
    const count = whole.disk.gate.mutations - before + 1;
    for (const call of calls(count, "online")) {
      const scene = await worked("online");
      const { machine, disk } = scene;
      assert.equal(disk.gate.mutations, before, "it goes the same way");
      disk.crashAt(before + call);
      const made = await scene.backup("b").then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Died)) throw error;
          return false;
        },
      );
      disk.crashAt(Number.POSITIVE_INFINITY);
      disk.kill();
      for (const image of images(disk, `online ${call}`)) {
        const next = scene.machineOn(image.disk, machine.config, machine.oracle.clone());
        await next.start();
        await next.judge(image.crash);
        assert.deepEqual(
          image.disk.files().filter((path) => path.startsWith("/backups/.")),
          [],
          "a start removes what was not finished",
        );
        await examineBackup(scene, image.disk, "/backups/b", made);
        const again = under(image.disk, "/backups/b").length === 0 ? "b" : "c";
        await next.until(next.engine.backup(again));
        await next.stop();
        await scene.verified(`/backups/${again}`, image.disk);
        image.disk.checkRules();
      }
    }
  });
});

describe("the death of a tool", function () {
  this.timeout(exhaustive ? 0 : 120_000);

  it("that backs up a directory leaves all of it or nothing, and the directory as it was", async () => {
    for (const ending of ["stopped", "killed"] as const) {
      const scene = await worked(`offline ${ending}`);
      if (ending === "stopped") await scene.machine.stop();
      scene.disk.kill();
      const run = (disk: SimulatedDisk): Promise<unknown> =>
        orDeath(
          scene,
          disk,
          backup({ env: scene.env(disk), directory: "/data", cold: undefined, target: "/copy", progress: noProgress }),
        );
      const original = contents(scene.disk, "/data");
      const whole = scene.disk.clone();
      const before = whole.gate.mutations;
      await run(whole);
      const count = whole.gate.mutations - before + 1;
      for (const call of calls(count, ending)) {
        const disk = scene.disk.clone();
        disk.crashAt(disk.gate.mutations + call);
        const made = (await run(disk)) !== "died";
        disk.crashAt(Number.POSITIVE_INFINITY);
        disk.kill();
        for (const image of images(disk, `${ending} ${call}`)) {
          if (image.crash === "kill") assert.deepEqual(contents(image.disk, "/data"), original);
          await examineBackup(scene, image.disk, "/copy", made);
          if (under(image.disk, "/copy").length > 0) continue;
          await run(image.disk);
          await scene.verified("/copy", image.disk);
          assert.deepEqual(
            image.disk.files().filter((path) => path.startsWith("/.")),
            [],
          );
          image.disk.checkRules();
        }
      }
    }
  });

  it("that restores a backup leaves all of it or nothing, and what it was made of as it was", async () => {
    const scene = await worked("restore");
    await scene.backup("b");
    const prng = new Prng("behind");
    for (let step = 0; step < 10; step++) await changeSomething(scene, prng);
    const moment = await scene.mark();
    await scene.machine.stop();
    scene.disk.kill();
    const run = (disk: SimulatedDisk): Promise<unknown> =>
      orDeath(
        scene,
        disk,
        restore({
          env: scene.env(disk),
          backup: "/backups/b",
          to: "/restored",
          archive: "/archive",
          until: moment.until,
          live: "/data",
          seqGap: undefined,
          progress: noProgress,
        }),
      );
    const sources = ["/data", "/backups", "/archive"];
    const original = contents(scene.disk, ...sources);
    const whole = scene.disk.clone();
    const before = whole.gate.mutations;
    await run(whole);
    for (const call of calls(whole.gate.mutations - before + 1, "restore")) {
      const disk = scene.disk.clone();
      disk.crashAt(disk.gate.mutations + call);
      const made = (await run(disk)) !== "died";
      disk.crashAt(Number.POSITIVE_INFINITY);
      disk.kill();
      for (const image of images(disk, `restore ${call}`)) {
        assert.deepEqual(contents(image.disk, ...sources), original);
        const isThere = under(image.disk, "/restored").length > 0;
        assert.ok(isThere || !made);
        if (!isThere) await run(image.disk);
        await scene.judged("/restored", moment, image.disk);
        assert.deepEqual(
          image.disk.files().filter((path) => path.startsWith("/.")),
          [],
        );
        image.disk.checkRules();
      }
    }
  });
});
