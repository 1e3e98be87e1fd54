/** The end of a log (spec 6.2, 6.5): damage to what was acked is named, what a power loss tore is cut and announced. */
import assert from "node:assert/strict";
import { SimulatedDisk } from "../../sim/disk/disk.ts";
import { survivals } from "../../sim/disk/survivals.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { SimEnv } from "../../sim/sim-env.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import type { CommitClass } from "../../src/topic/config.ts";
import { appendRequest, contentsOf, startEngine } from "../engine-run.ts";
import { exhaustive, sampled } from "./effort.ts";
import { flipped } from "./flips.ts";
import { Image } from "./image.ts";
import { startOn } from "./outcome.ts";

const directory = "/data";

interface Server {
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
  readonly engine: RunningEngine;
  readonly events: readonly EngineEvent[];
}

async function serverOn(disk: SimulatedDisk, shards = 1): Promise<Server> {
  const scheduler = new Scheduler({ seed: 1 });
  const env = new SimEnv({ disk, scheduler, seed: 1 });
  const events: EngineEvent[] = [];
  const options = { directory, shards, events: (event: EngineEvent) => events.push(event) };
  const engine = await scheduler.settle(startEngine(env, options));
  await scheduler.settle(engine.recover());
  return { disk, scheduler, engine, events };
}

async function acked(
  { scheduler, engine }: Server,
  durability: CommitClass,
  records: number,
  text = "",
): Promise<void> {
  await scheduler.settle(engine.configureTopic(durability, { durability }, "put"));
  for (let i = 0; i < records; i++)
    await scheduler.settle(engine.append(durability, appendRequest({ records: [{ data: `${i}${text}` }] })));
}

describe("sixty acked fsync writes and a kill", () => {
  for (const marked of [false, true])
    it(`refuse to start when a bit of the last frame is wrong (${marked ? "mark written" : "no mark yet"})`, async () => {
      const server = await serverOn(new SimulatedDisk({ directories: [directory] }));
      await acked(server, "fsync", 60);
      if (marked) await server.scheduler.pass(1000);
      const { disk, scheduler } = server;
      disk.kill();
      const made = { image: await Image.of(disk, directory), bootId: disk.bootId, wallMs: scheduler.clock.wallMs() };
      const path = made.image.paths.findLast(
        (one) => one.endsWith(".log") && made.image.bytes(one).some((byte) => byte !== 0),
      )!;
      const log = Buffer.from(made.image.bytes(path));
      const end = log.findLastIndex((byte) => byte !== 0) + 1;
      const last = log.lastIndexOf("TRF1", end);
      // With a mark the last records lie in the frame before it; both are flipped.
      const start = marked ? log.lastIndexOf("TRF1", last - 1) : last;
      const bits = Array.from({ length: (end - start) * 8 }, (_, bit) => start * 8 + bit);
      for (const bit of sampled(bits, 3)) {
        const outcome = await startOn(flipped(made.image, { path, bit }), made);
        assert.equal(outcome.kind, "refused", `bit ${bit}`);
        assert.ok(outcome.kind === "refused");
        const { kind, place } = outcome.refusal;
        const offset = bit >> 3 < last ? start : last;
        assert.deepEqual([kind, place?.file, place?.offset], ["damage", path, offset], `bit ${bit}`);
      }
    });
});

describe("a power loss in the middle of disk writes", () => {
  it("is survived whatever the disk kept, with every synced record, and with one hole from there on", async function () {
    this.timeout(exhaustive ? 600_000 : 60_000);
    const disk = new SimulatedDisk({ directories: [directory] });
    const server = await serverOn(disk);
    await acked(server, "fsync", 3);
    await acked(server, "disk", 4, "-".repeat(2000));
    const pending = survivals(disk.pending, { exhaustive: true, seed: 1 });
    let cuts = 0;
    for (const survival of pending) {
      const after = await serverOn(disk.powerLoss(survival));
      const { count, headSeq } = after.engine.topicState("disk", false);
      const text = await contentsOf(after.engine);
      assert.equal(after.engine.topicState("fsync", false).count, 3);
      assert.match(text, new RegExp(`"gapFrom":${count + 1},"gapTo":${headSeq},"reason":"crash"`), text);
      const cut = after.events.find((event) => event.type === "wal-tail-cut");
      if (cut) {
        cuts++;
        assert.ok(cut.bytes > 0 && cut.file.startsWith(directory));
      }
      after.disk.kill();
      const again = await serverOn(after.disk.powerLoss("none"));
      assert.ok((await contentsOf(again.engine)).includes(`"gapFrom":${count + 1},"gapTo":`), "announced again");
      assert.equal(again.engine.topicState("disk", false).count, count);
      assert.ok(!again.events.some((event) => event.type === "wal-tail-cut"), "a cut is made once");
    }
    assert.ok(cuts > 5, `${cuts} of ${pending.length} survivals were torn`);
  });
});
