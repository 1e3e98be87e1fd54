/** Each rule of order of a data directory, broken once by somebody else's call on a directory that an engine has made. */
import assert from "node:assert/strict";
import { segmentsSection, topicsSection, wholeSection } from "../../src/engine/checkpoint-codec.ts";
import { footerBytes } from "../../src/checkpoint/format.ts";
import { writeCheckpoint } from "../../src/checkpoint/writer.ts";
import { DeleteFile } from "../../src/segment/delete-file.ts";
import { replaceFile } from "../../src/storage/atomic-file.ts";
import { decodeManifest, encodeManifest, type Manifest } from "../../src/storage/manifest.ts";
import { SimulatedDisk } from "../disk/disk.ts";
import { RuleBroken } from "../disk/monitor.ts";
import { checkpointIn, type StoredCheckpoint } from "../disk/rules/stored.ts";
import { Oracle } from "../oracle/oracle.ts";
import { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";
import { inTurn, Machine, smallFiles } from "./machine.ts";
import { awaitEvents, tinyStorage } from "./setup.ts";

interface Scene {
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly env: SimEnv;
  readonly manifest: Manifest;
  /** The newest that the manifest names. */
  readonly newest: StoredCheckpoint;
}

/** Segments, a `.del`, two checkpoints, an acked record that is not synced; and somebody else at work in the directory. */
async function scene(): Promise<Scene> {
  const scheduler = new Scheduler({ seed: 1 });
  const disk = new SimulatedDisk({ directories: ["/data", "/archive"], completions: inTurn(scheduler) });
  const config = { shards: 1, wal: smallFiles, storage: tinyStorage() };
  const machine = new Machine({ disk, oracle: new Oracle(), config, seed: "rules", scheduler });
  await machine.start();
  const { client } = machine;
  await machine.until(client.append("t", 6, { tag: "a" }));
  await awaitEvents(machine, "checkpoint-written");
  await machine.until(client.deleteTag("t", "a", 3));
  await awaitEvents(machine, "checkpoint-written");
  await machine.until(client.append("t", 1));
  const decoded = decodeManifest(disk.contents("/data/MANIFEST"));
  assert.ok(decoded.outcome === "manifest");
  const { manifest } = decoded;
  assert.equal(manifest.checkpoints.length, 2);
  const newest = checkpointIn(disk.contents(`/data/ckpt-0000000${manifest.checkpoints[1]}.ckpt`));
  assert.ok(newest !== undefined && newest !== "foreign");
  return { disk, scheduler, machine, env: new SimEnv({ disk, scheduler, seed: "somebody" }), manifest, newest };
}

async function breaks(rule: RegExp, work: (scene: Scene) => Promise<unknown>): Promise<void> {
  const made = await scene();
  const { disk, scheduler } = made;
  disk.checkRules();
  // Whoever breaks a rule may never hear of anything again.
  work(made).catch((error: unknown) => assert.ok(error instanceof RuleBroken, String(error)));
  await scheduler.pass(100);
  assert.throws(() => disk.checkRules(), rule);
}

function checkpoint(
  { env, manifest, newest }: Scene,
  change: Partial<StoredCheckpoint>,
  topics: readonly string[] = [],
): Promise<unknown> {
  const { segments, ...whole } = { ...newest, ...change };
  const head = { directoryId: manifest.directoryId, number: 99, stamp: 1 };
  const sections = [wholeSection(whole), segmentsSection(segments), topicsSection(0, topics)];
  return writeCheckpoint(env, "/data", head, sections);
}

describe("the rules of order of a data directory are broken by", () => {
  const speaks = /a checkpoint comes behind what it speaks of/;
  const names = /a manifest names what is there/;
  const stays = /what a kept checkpoint needs stays/;

  for (const file of ["seg-00000001.seg", "seg-00000001.del", "ckpt-00000001.ckpt", "ckpt-00000002.ckpt"])
    it(`removing ${file}, which a kept checkpoint needs`, () =>
      breaks(stays, ({ env }) => env.fs.unlink(`/data/${file}`)));

  it("removing the log that a kept checkpoint is replayed from", () =>
    breaks(/a manifest that may be found names it/, ({ env }) => env.fs.unlink("/data/wal-00-00000001.log")));

  it("putting something in the place of a segment", () =>
    breaks(stays, async ({ env }) => {
      const file = await env.fs.open("/data/other", "create-new");
      await file.datasync();
      await file.close();
      await env.fs.rename("/data/other", "/data/seg-00000001.seg");
    }));

  it("cutting a delete file short", () =>
    breaks(stays, async ({ env }) => (await env.fs.open("/data/seg-00000001.del", "write")).truncate(48)));

  it("letting go of a checkpoint without a newer one", () =>
    breaks(names, ({ env, manifest }) =>
      replaceFile(env.fs, "/data", "MANIFEST", encodeManifest({ ...manifest, checkpoints: [2] })),
    ));

  it("letting go of a log that checkpoints need", () =>
    breaks(names, ({ env, manifest }) =>
      replaceFile(env.fs, "/data", "MANIFEST", encodeManifest({ ...manifest, layouts: [{ shards: 1, files: [[]] }] })),
    ));

  it("naming a checkpoint whose name is not synced", () =>
    breaks(names, async ({ disk, env, manifest }) => {
      const copy = await env.fs.open("/data/ckpt-00000003.ckpt", "create-new");
      await copy.write([disk.contents("/data/ckpt-00000002.ckpt")], 0);
      await copy.datasync();
      const next = { ...manifest, checkpoints: [1, 2, 3], nextCheckpoint: 4 };
      await replaceFile(env.fs, "/data", "MANIFEST", encodeManifest(next));
    }));

  it("a checkpoint whose place is not synced", () =>
    breaks(speaks, (made) => checkpoint(made, { from: [{ index: 1, position: 60_000 }] })));

  it("a checkpoint that calls something synced which is not", () =>
    breaks(speaks, (made) => checkpoint(made, { synced: [{ index: 1, position: 60_000 }] })));

  it("a checkpoint with the effect of a frame that is not synced", () =>
    breaks(speaks, (made) => {
      const text = Buffer.from(made.disk.contents("/data/ckpt-00000002.ckpt")).toString("latin1");
      const begin = text.indexOf('{"topic":');
      // The section is the last before the footer.
      const section = text.slice(begin, text.length - footerBytes);
      assert.equal(typeof JSON.parse(section), "object");
      return checkpoint(made, {}, [section.replace(/"op":\d+/, '"op":1000')]);
    }));

  it("a checkpoint that names a segment which is not there", () =>
    breaks(speaks, (made) => {
      const missing = { file: 77, bytes: 100, records: 1, deletes: undefined };
      return checkpoint(made, { segments: [...made.newest.segments, missing] });
    }));

  it("a checkpoint that counts on deletes which are not there", () =>
    breaks(speaks, (made) => {
      const segments = made.newest.segments.map((one) =>
        one.deletes === undefined ? one : { ...one, deletes: { ...one.deletes, bytes: one.deletes.bytes + 48 } },
      );
      return checkpoint(made, { segments });
    }));

  it("a delete entry whose frame is not synced", () =>
    breaks(/a delete entry comes behind its frame/, ({ env, manifest, newest }) => {
      const { file, deletes } = newest.segments.find((one) => one.deletes !== undefined)!;
      const entries = new DeleteFile(env, "/data", manifest.directoryId, file, deletes);
      entries.stage([{ part: 0, block: 0, first: 4, last: 4, bytes: 1, stamp: 1, op: 1000 }]);
      return entries.flush();
    }));

  it("removing a file whose other name is not synced", () =>
    breaks(/a link is synced before the first name goes/, async ({ env }) => {
      await env.fs.link("/data/RESERVE", "/archive/RESERVE");
      await env.fs.unlink("/data/RESERVE");
    }));
});

describe("the rules of order of a data directory are kept by", () => {
  it("a manifest that is replaced again when its directory could not be synced", async () => {
    const { disk, env, manifest, scheduler } = await scene();
    const work = async (): Promise<void> => {
      await (await env.fs.open("/data/wal-00-00000009.log", "create-new")).close();
      await env.fs.syncDir("/data");
      const { shards, files } = manifest.layouts[0];
      const layouts = [{ shards, files: [[...files[0], 9]] }];
      disk.injector.plant("syncDir#1:EIO");
      await assert.rejects(replaceFile(env.fs, "/data", "MANIFEST", encodeManifest({ ...manifest, layouts })));
      // Somebody else's makes it durable after all.
      await env.fs.syncDir("/data");
      await replaceFile(env.fs, "/data", "MANIFEST", encodeManifest(manifest));
    };
    const done = work();
    await scheduler.pass(100);
    await done;
    disk.checkRules();
  });
});
