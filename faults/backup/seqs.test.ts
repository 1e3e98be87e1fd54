/** 6.7: no seq is handed out twice, whatever directory it was restored into; and what cannot be had is refused. */
import assert from "node:assert/strict";
import { Prng } from "../../sim/prng.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import { decodeManifest } from "../../src/storage/manifest.ts";
import { appendRequest } from "../engine-run.ts";
import { changeSomething, Scene, type SceneOptions } from "./scene.ts";

const gap = 2 ** 32;

async function next(scene: Scene, engine: RunningEngine, topic: string): Promise<number> {
  const { firstSeq } = await scene.until(engine.append(topic, appendRequest({ records: [{ data: 1 }] })));
  return firstSeq;
}

/** A backup, and more behind it: the head of each topic by then. */
async function worked(
  seed: string,
  storage: SceneOptions["storage"] = {},
): Promise<{ readonly scene: Scene; readonly heads: ReadonlyMap<string, number> }> {
  const scene = new Scene({ seed, storage });
  const { machine } = scene;
  const prng = new Prng(seed);
  await machine.start();
  await machine.until(machine.client.append("early", 10));
  await machine.pass(2000);
  for (let step = 0; step < 15; step++) await changeSomething(scene, prng);
  await machine.pass(2000);
  for (const topic of ["kept", "dropped"]) await machine.until(machine.client.append(topic, 10));
  await scene.backup("b");
  await machine.until(machine.client.append("dropped", 50));
  await machine.until(machine.client.deleteTopic("dropped"));
  for (let step = 0; step < 25; step++) await changeSomething(scene, prng);
  for (let count = 0; count < 40; count++) {
    await machine.until(machine.client.append("kept", 200));
    await machine.pass(100);
  }
  await machine.pass(5000);
  const heads = new Map(
    machine.engine.listTopics("", undefined, 100, false).topics.map(({ topic, headSeq }) => [topic, headSeq]),
  );
  await machine.stop();
  return { scene, heads: new Map([...heads, ["dropped", 60]]) };
}

describe("seqs in a restored directory", () => {
  it("go on above whatever the directory itself had reached, exactly where all of it is known", async () => {
    const { scene, heads } = await worked("live");
    const report = await scene.restore({ to: "/r", archive: undefined, live: "/data" });
    assert.equal(report.seqGap, 0);
    const engine = await scene.open("/r");
    for (const { topic } of engine.listTopics("", undefined, 100, false).topics) {
      const seq = await next(scene, engine, topic);
      assert.ok(seq > (heads.get(topic) ?? 0), `${topic}: ${seq} after ${heads.get(topic)}`);
      // What was deleted there may be forgotten: nobody knows how far it came.
      assert.ok(seq < gap || !heads.has(topic) || topic === "dropped", topic);
    }
  });

  it("go on a gap above all that is known without it", async () => {
    const { scene, heads } = await worked("gap");
    for (const [to, seqGap, least] of [
      ["/r1", undefined, gap],
      ["/r2", 100_000, 100_000],
    ] as const) {
      const report = await scene.restore({ to, archive: undefined, seqGap });
      const engine = await scene.open(to);
      const seq = await next(scene, engine, "kept");
      assert.ok(seq > (heads.get("kept") ?? 0) && seq > least, String(seq));
      const hole = report.holes.find(({ topic }) => topic === "kept");
      assert.equal(hole?.to, seq - 1);
    }
  });

  it("are not left to chance: a gap of 0 needs the directory, whole and of the same id", async () => {
    const { scene } = await worked("refused");
    const { disk } = scene;
    await assert.rejects(scene.restore({ to: "/r", seqGap: 0 }), /without the live directory/);
    await assert.rejects(scene.restore({ to: "/r", seqGap: 1.5 }), /whole number/);
    const other = new Scene({ seed: "other" });
    await other.machine.start();
    await other.machine.stop();
    await scene.restore({ to: "/first", archive: undefined });
    await assert.rejects(scene.restore({ to: "/r", live: "/first", seqGap: 0 }), /is not the directory/);
    const log = disk.files().find((path) => /^\/data\/wal-00/.test(path));
    disk.damage(log ?? "", (bytes) => bytes.fill(0xff, 5000, 5100));
    await assert.rejects(scene.restore({ to: "/r", archive: undefined, live: "/data", seqGap: 0 }), /read whole/);
    const report = await scene.restore({ to: "/r", archive: undefined, live: "/data" });
    assert.deepEqual([report.seqGap, report.notes.length], [gap, 1]);
  });
});

describe("a restored directory", () => {
  it("has an id of its own and names its parent, and can be backed up and restored in turn", async () => {
    const { scene } = await worked("parents");
    const { disk } = scene;
    const id = (directory: string): { readonly directoryId: string; readonly parent?: string } => {
      const decoded = decodeManifest(disk.contents(`${directory}/MANIFEST`));
      assert.ok(decoded.outcome === "manifest");
      return decoded.manifest;
    };
    const report = await scene.restore({ to: "/r", archive: undefined });
    assert.equal(id("/r").directoryId, report.directoryId);
    assert.equal(id("/r").parent, id("/data").directoryId);
    assert.notEqual(id("/r").directoryId, id("/data").directoryId);
    // A directory that was stopped in order is as good as a backup.
    const again = await scene.restore({ backup: "/r", to: "/again", archive: undefined });
    assert.equal(id("/again").parent, report.directoryId);
    assert.equal(again.records, report.records);
    await scene.verified("/again");
  });

  it("is not made over another one, nor of what is in use or is no backup", async () => {
    const { scene } = await worked("places");
    const { machine, disk } = scene;
    await scene.restore({ to: "/r", archive: undefined });
    await assert.rejects(scene.restore({ to: "/r", archive: undefined }), /is there already/);
    await scene.until(scene.env().fs.mkdir("/empty"));
    await scene.restore({ to: "/empty", archive: undefined });
    await assert.rejects(scene.restore({ backup: "/nothing", to: "/x" }), /no data directory/);
    await machine.start();
    await machine.until(machine.client.append("kept", 1));
    await assert.rejects(scene.restore({ backup: "/data", to: "/x" }), /in use/);
    await assert.rejects(scene.restore({ to: "/x", live: "/data" }), /in use/);
    disk.kill();
    await assert.rejects(scene.restore({ backup: "/data", to: "/x", archive: undefined }), /no backup/);
    assert.ok(!disk.files().some((path) => path.startsWith("/x")));
  });

  it("does not go back before the backup's first checkpoint, and says how far it does", async () => {
    const { scene } = await worked("early");
    await assert.rejects(
      scene.restore({ to: "/x", until: "2029-12-31T23:59:59Z" }),
      /the earliest moment that this backup can be restored to is 2030-01-01T00:00:/,
    );
    await assert.rejects(scene.restore({ to: "/x", until: "early@1" }), /is not in the log at hand: the earliest/);
    await assert.rejects(scene.restore({ to: "/x", until: "kept@999999" }), /which goes to record/);
    await assert.rejects(scene.restore({ to: "/x", until: "nobody@1" }), /is not in the log at hand$/);
    await assert.rejects(scene.restore({ to: "/x", until: "yesterday" }), /is not a moment/);
    const late = await scene.restore({ to: "/late", until: "2031-01-01", live: "/data" });
    assert.match(late.notes.join(), /nothing at hand was logged after/);
  });

  it("is not made of a backup that has gone another way than the archive", async () => {
    const { scene } = await worked("forked", { checkpointBytes: 8 << 10 });
    const archived = scene.disk.files().some((path) => path.startsWith("/archive/"));
    assert.ok(archived, "files were retired behind the backup");
    // Somebody starts a server on the backup itself, under its own id.
    const engine = await scene.open("/backups/b");
    await next(scene, engine, "kept");
    await scene.until(engine.close(60_000));
    await assert.rejects(scene.restore({ to: "/x" }), /does not continue the backup/);
    await scene.restore({ to: "/x", archive: undefined });
    await scene.verified("/x");
  });
});
