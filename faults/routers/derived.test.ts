import assert from "node:assert/strict";
import { frameKind } from "../../src/wal/commit.ts";
import { contentsOf } from "../engine-run.ts";
import { framesOf, type LoggedFrame } from "./log.ts";
import { numbers, Scene } from "./scene.ts";

const apart = new Set<number>([frameKind.anchor, frameKind.ceiling]);

describe("derived copies", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = new Scene({ fileBytes: 1 << 20 });
    await scene.start();
  });
  afterEach(() => scene.end());

  /** Frames that come into the log meanwhile, anchors and ceilings apart. */
  async function logged(work: () => Promise<unknown>): Promise<LoggedFrame[]> {
    const before = await framesOf(scene.directory);
    const last = before.at(-1)?.stamp ?? 0;
    await work();
    return (await framesOf(scene.directory)).filter(({ stamp, kind }) => stamp > last && !apart.has(kind));
  }

  it("one append to a source is one frame, whatever the fan-out", async () => {
    const write = (): Promise<unknown> => scene.write("a", { data: "x".repeat(1000) });
    await scene.topic("a");
    const alone = await logged(write);
    await scene.route("a", "d1");
    const one = await logged(async () => {
      await write();
      assert.equal((await scene.data("d1")).length, 1);
    });
    await Promise.all(numbers(2, 999).map((n) => scene.topic(`d${n}`)));
    await Promise.all(numbers(2, 999).map((n) => scene.route("a", `d${n}`)));
    const thousand = await logged(async () => {
      await write();
      for (const n of numbers(1, 999)) assert.equal((await scene.data(`d${n}`)).length, n === 1 ? 2 : 1);
    });
    for (const frames of [alone, one, thousand]) assert.equal(frames.length, 1);
    assert.equal(one[0].bytes, alone[0].bytes);
    assert.equal(thousand[0].bytes, alone[0].bytes);
  }).timeout(180_000);

  for (const [source, dest] of [
    ["disk", "disk"],
    ["disk", "fsync"],
    ["fsync", "memory"],
  ] as const)
    it(`are the same after a restart, from ${source} into ${dest}, whatever came in between`, async () => {
      await scene.topic("a", { durability: source, capRecords: 50 });
      await scene.topic("b", { durability: dest });
      await scene.route("a", "b");
      const frames = await logged(async () => {
        for (let round = 0; round < 8; round++) {
          await scene.write(
            "a",
            ...numbers(1, 20).map((n) => ({ data: { round, n }, tag: n % 3 ? "t" : "u", node: "x" })),
          );
          assert.ok((await scene.data("b")).length > 0);
          await scene.write("b", { data: `direct ${round}`, tag: "u" });
          if (round === 3)
            await scene.engine.deleteRecords("b", { beforeSeq: undefined, match: { op: "Eq", value: "u" } });
          if (round === 4) await scene.route("a", "b", { filter: { op: "Eq", value: "t" } });
          if (round === 5) await scene.route("a", "b", { exactlyOnce: true }, "second");
        }
        await scene.data("b");
      });
      assert.equal(frames.filter(({ kind }) => kind === frameKind.records).length, 16);
      const before = await contentsOf(scene.engine);
      for (let i = 0; i < 2; i++) {
        await scene.restart();
        assert.equal(await contentsOf(scene.engine), before);
      }
      await scene.count("a", 1, 3);
      assert.equal((await scene.data("b")).slice(-3).length, 3);
    });

  it("stand in frames where nobody could derive them", async () => {
    await scene.topic("memory", { durability: "memory" });
    await scene.topic("full", { discard: "reject", capRecords: 100 });
    await scene.route("memory", "a");
    await scene.route("a", "b");
    await scene.route("a", "full");
    const frames = await logged(async () => {
      await scene.count("memory", 1, 1);
      assert.deepEqual(await scene.data("b"), [1]);
      assert.deepEqual(await scene.data("full"), [1]);
    });
    // The source's own, its copy, and one in the destination that may refuse.
    assert.equal(frames.length, 3);
  });

  it("say once a second how far they have come", async () => {
    await scene.topic("a");
    for (const n of numbers(1, 20)) await scene.route("a", `d${n}`);
    await scene.count("a", 1, 10);
    for (const n of numbers(1, 20)) await scene.data(`d${n}`);
    await scene.stop();
    const anchors = (await framesOf(scene.directory)).filter(({ kind }) => kind === frameKind.anchor);
    assert.ok(anchors.length > 0 && anchors.length <= 2 * 2, `${anchors.length} anchor frames`);
    await scene.start();
  });
});
