/** 6.7: a backup of a directory that no server has open, however it was left. */
import assert from "node:assert/strict";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";
import { flipBit } from "../../sim/disk/damage.ts";
import { Prng } from "../../sim/prng.ts";
import { backup, type BackupReport } from "../../src/maintenance/backup.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { StartRefusal } from "../../src/storage/refusal.ts";
import { changeSomething, Scene } from "./scene.ts";

const copy = (scene: Scene, disk: SimulatedDisk = scene.disk): Promise<BackupReport> =>
  scene.until(
    backup({ env: scene.env(disk), directory: "/data", cold: undefined, target: "/copy", progress: noProgress }),
  );

const ofDirectory = (disk: SimulatedDisk): string[] => disk.files().filter((path) => path.startsWith("/data/"));
const contents = (disk: SimulatedDisk): Map<string, string> =>
  new Map(ofDirectory(disk).map((path) => [path, Buffer.from(disk.contents(path)).toString("latin1")]));

async function worked(seed: string): Promise<Scene> {
  const scene = new Scene({ seed });
  const prng = new Prng(seed);
  await scene.machine.start();
  for (let step = 0; step < 30; step++) await changeSomething(scene, prng);
  return scene;
}

describe("a backup of a directory at rest", () => {
  it("is what a clean stop left, and can be restored", async () => {
    const scene = await worked("rest");
    const { machine, disk } = scene;
    await machine.stop();
    const before = contents(disk);
    const report = await copy(scene);
    assert.deepEqual([report.clean, report.cutBytes, report.holes], [true, 0, []]);
    await scene.verified("/copy");
    await scene.restore({ backup: "/copy", to: "/restored", archive: undefined });
    await scene.judged("/restored", machine);
    machine.oracle.clone().judge(await scene.observed("/copy"), "clean", machine.nowMs);
    before.delete("/data/LOCK");
    const after = contents(disk);
    after.delete("/data/LOCK");
    assert.deepEqual(after, before, "the directory stays as it is");
    // And the directory goes on.
    await machine.start();
    await machine.judge("clean");
  });

  it("loses nothing that the kernel had when the process was killed", async () => {
    const scene = await worked("killed");
    const { machine, disk } = scene;
    for (const topic of ["d", "f"]) await machine.until(machine.client.create(topic, topic === "d" ? "disk" : "fsync"));
    for (const topic of ["d", "f", "d"]) await machine.until(machine.client.append(topic, 3));
    disk.kill();
    const before = contents(disk);
    const report = await copy(scene);
    assert.equal(report.clean, false);
    assert.ok(
      report.holes.every(({ topic }) => !["d", "f"].includes(topic)),
      "no hole where nothing can be lost",
    );
    const after = contents(disk);
    for (const files of [before, after]) files.delete("/data/LOCK");
    assert.deepEqual(after, before);
    await scene.verified("/copy");
    machine.oracle.clone().judge(await scene.observed("/copy"), "kill", machine.nowMs);
    await scene.restore({ backup: "/copy", to: "/restored", archive: undefined });
    await scene.verified("/restored");
    await machine.start();
    await machine.judge("kill");
  });

  for (const survival of ["none", "all", "seed:7", "data"])
    it(`announces what may be lost when power was lost (${survival})`, async () => {
      const scene = await worked(`power ${survival}`);
      const { machine, disk } = scene;
      await machine.until(machine.client.append("d", 20, { padBytes: 300 }));
      disk.kill();
      const after = disk.powerLoss(survival);
      const left = scene.machineOn(after, machine.config, machine.oracle.clone());
      assert.equal((await copy(scene, after)).clean, false);
      await scene.verified("/copy", after);
      machine.oracle.clone().judge(await scene.observed("/copy", after), "power", machine.nowMs);
      await left.start();
      await left.judge("power");
    });

  it("is refused while a server has it, and names its pid", async () => {
    const scene = await worked("busy");
    await assert.rejects(copy(scene), (error: unknown) => {
      return error instanceof StartRefusal && error.kind === "busy" && /pid 1000 started/.test(error.message);
    });
    assert.deepEqual(
      scene.disk.files().filter((path) => path.includes("copy")),
      [],
    );
  });

  it("is refused of what is damaged, and of what is no data directory", async () => {
    const scene = await worked("damaged");
    const { machine, disk } = scene;
    await machine.stop();
    const isDamage = (error: unknown): boolean => error instanceof StartRefusal && error.kind === "damage";
    for (const file of ofDirectory(disk).filter((path) => /MANIFEST$|wal-/.test(path))) {
      const image = disk.clone();
      const wal = Buffer.from(image.contents(file));
      if (wal.subarray(0, 512).every((byte) => byte === 0)) continue;
      image.damage(file, flipBit(803));
      await assert.rejects(copy(scene, image), isDamage, file);
      assert.ok(image.files().every((path) => !path.includes("copy")));
    }
    await assert.rejects(
      scene.until(
        backup({ env: scene.env(), directory: "/archive", cold: undefined, target: "/copy", progress: noProgress }),
      ),
      /there is no data directory/,
    );
    assert.ok(!disk.files().includes("/archive/LOCK"), "nothing is made there");
  });
});
